/** Returns a percentage as people type it as plain decimal text; both the point and the comma part the decimals. */
export function plainPercent(text: string): string {
  return text.replace("%", "").replace(",", ".").trim();
}

/** Returns the codes of the currencies that the browser knows. */
export function currencyCodes(): readonly string[] {
  return Intl.supportedValuesOf("currency");
}

/** Returns a factor as decimal text for a change in percent: "-12.5" is "0.875". Undefined if the text is no plain decimal. */
export function percentFactor(percent: string): string | undefined {
  const match = /^([+-]?)([0-9]{1,6})(?:\.([0-9]{1,6}))?$/.exec(percent.trim());
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  const scale = fraction.length + 2;
  const units = 10n ** BigInt(scale) + BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  if (units < 0n) return undefined;
  const digits = String(units).padStart(scale + 1, "0");
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
