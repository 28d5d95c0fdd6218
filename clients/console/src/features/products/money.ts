/** Returns plain decimal text as people of a locale type it: "129.90" is "129,90" in Spain. */
export function typedAmount(amount: string, locale: string): string {
  const decimal = new Intl.NumberFormat(locale).formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";
  return amount.replace(".", decimal);
}

/** Returns a percentage as people type it as plain decimal text; both the point and the comma part the decimals. */
export function plainPercent(text: string): string {
  return text.replace("%", "").replace(",", ".").trim();
}

/** Returns the codes of the currencies that the browser knows. */
export function currencyCodes(): readonly string[] {
  return Intl.supportedValuesOf("currency");
}
