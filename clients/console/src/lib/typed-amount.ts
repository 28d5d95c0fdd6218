/** Returns plain decimal text as people of a locale type it: "129.90" is "129,90" in Spain. */
export function typedAmount(amount: string, locale: string): string {
  const decimal = new Intl.NumberFormat(locale).formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";
  return amount.replace(".", decimal);
}
