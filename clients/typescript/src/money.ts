/** An exact amount in one currency, as in the catalog's Money message. */
export interface MoneyValue {
  /** Decimal text, such as `129.90`. */
  readonly amount: string;
  /** The ISO 4217 code, such as `MXN`. */
  readonly currencyCode: string;
}

/** What to do with digits that do not fit: `half-even` favors neither side, `half-up` is what shops do, `down` cuts them off. */
export type Rounding = "half-even" | "half-up" | "down";

/** units × 10^-scale */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/**
 * Returns the amount as people of a locale write it, with every decimal that it has: `MX$1,299.90`.
 *
 * @param locales - such as `es-MX`; default: the environment's
 * @param options - further options of Intl.NumberFormat, such as `{ currencyDisplay: "code" }`
 * @throws RangeError if the amount is not decimal text
 */
export function formatMoney(
  money: MoneyValue,
  locales?: Intl.LocalesArgument,
  options?: Omit<Intl.NumberFormatOptions, "style" | "currency">,
): string {
  const { scale } = decimalOf(money);
  const format = new Intl.NumberFormat(locales, {
    minimumFractionDigits: scale,
    maximumFractionDigits: scale,
    ...options,
    style: "currency",
    currency: money.currencyCode,
  });
  // Decimal text goes in as it is: a number would lose digits from 2^53 on.
  return format.format(money.amount as Intl.StringNumericLiteral);
}

/**
 * Reads an amount as a person of a locale types it, with or without grouping and currency sign: in `es-ES` that is
 * `1.299,90 €`. Returns undefined for anything that is not clearly one amount that is not negative, such as `1,5` where the
 * comma groups thousands, so that nobody gets ten times the price.
 *
 * @param locales - such as `es-MX`; default: the environment's
 */
export function parseMoney(text: string, currencyCode: string, locales?: Intl.LocalesArgument): MoneyValue | undefined {
  const { digits, group, decimal, signs } = notation(currencyCode, locales);
  let rest = plainText(text);
  for (const sign of signs) rest = rest.replace(sign, "");
  rest = [...rest.trim()].map((char) => digits.get(char) ?? char).join("");
  const [whole = "", fraction, ...more] = rest.split(decimal);
  const grouped = group === "" ? whole : whole.replaceAll(group, ",");
  const wellFormed = more.length === 0 && wholeNumber.test(grouped) && (fraction === undefined || /^[0-9]+$/.test(fraction));
  if (!wellFormed) return undefined;
  const integer = grouped.replaceAll(",", "").replace(/^0+(?=[0-9])/, "");
  return { amount: fraction === undefined ? integer : `${integer}.${fraction}`, currencyCode };
}

/**
 * Returns a negative number if a is less than b, a positive one if it is more, and 0 if they are equal; fits Array.sort.
 *
 * @throws RangeError if the currencies differ or an amount is not decimal text
 */
export function compareMoney(a: MoneyValue, b: MoneyValue): number {
  const [left, right] = aligned(a, b);
  return left.units < right.units ? -1 : left.units > right.units ? 1 : 0;
}

/**
 * Returns the sum, with as many decimals as the more precise of the two.
 *
 * @throws RangeError if the currencies differ or an amount is not decimal text
 */
export function addMoney(a: MoneyValue, b: MoneyValue): MoneyValue {
  const [left, right] = aligned(a, b);
  return moneyOf({ units: left.units + right.units, scale: left.scale }, a.currencyCode);
}

/**
 * Returns the amount times a factor, rounded to the decimals that the amount has: `multiplyMoney(price, "1.10")` is 10 % more.
 *
 * @param factor - decimal text
 * @throws RangeError if the amount or the factor is not decimal text
 */
export function multiplyMoney(money: MoneyValue, factor: string, rounding: Rounding = "half-even"): MoneyValue {
  const { units, scale } = decimalOf(money);
  const by = parseDecimal(factor);
  return moneyOf({ units: divide(units * by.units, 10n ** BigInt(by.scale), rounding), scale }, money.currencyCode);
}

function divide(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  const sign = dividend < 0n ? -1n : 1n;
  const size = dividend * sign;
  const quotient = size / divisor;
  const twice = (size % divisor) * 2n;
  const half = twice === divisor && (rounding === "half-up" || quotient % 2n === 1n);
  const up = rounding !== "down" && (twice > divisor || half);
  return sign * (quotient + (up ? 1n : 0n));
}

function aligned(a: MoneyValue, b: MoneyValue): [Decimal, Decimal] {
  if (a.currencyCode !== b.currencyCode) {
    throw new RangeError(`${a.currencyCode} and ${b.currencyCode} are different currencies`);
  }
  const left = decimalOf(a);
  const right = decimalOf(b);
  const scale = Math.max(left.scale, right.scale);
  return [rescale(left, scale), rescale(right, scale)];
}

function rescale({ units, scale }: Decimal, to: number): Decimal {
  return { units: units * 10n ** BigInt(to - scale), scale: to };
}

function decimalOf(money: MoneyValue): Decimal {
  return parseDecimal(money.amount);
}

function parseDecimal(text: string): Decimal {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) throw new RangeError(`${JSON.stringify(text)} is not decimal text`);
  const [, sign, whole = "", fraction = ""] = match;
  return { units: BigInt(whole + fraction) * (sign === "-" ? -1n : 1n), scale: fraction.length };
}

function moneyOf({ units, scale }: Decimal, currencyCode: string): MoneyValue {
  const sign = units < 0n ? "-" : "";
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const split = digits.length - scale;
  return { amount: sign + digits.slice(0, split) + (scale > 0 ? `.${digits.slice(split)}` : ""), currencyCode };
}

/** Digits alone, or in groups of three, or, as in India, of two before the last one. */
const wholeNumber = /^(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})$/;

/** Returns text with one kind of space and of apostrophe, as people type, and without marks of direction, which nobody sees. */
function plainText(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/\s/g, " ")
    .replaceAll("’", "'");
}

/** How a locale writes amounts of a currency. */
function notation(currencyCode: string, locales?: Intl.LocalesArgument) {
  const forms = (["code", "symbol", "narrowSymbol"] as const).map((currencyDisplay) =>
    new Intl.NumberFormat(locales, {
      style: "currency",
      currency: currencyCode,
      currencyDisplay,
      minimumFractionDigits: 1,
      maximumFractionDigits: 3,
    }).formatToParts(12345678.5),
  );
  const part = (parts: Intl.NumberFormatPart[] | undefined, type: Intl.NumberFormatPartTypes) =>
    plainText(parts?.find((p) => p.type === type)?.value ?? "");
  const plain = new Intl.NumberFormat(locales, { useGrouping: false });
  return {
    digits: new Map(Array.from({ length: 10 }, (_, digit) => [plain.format(digit), String(digit)] as const)),
    group: part(forms[0], "group"),
    decimal: part(forms[0], "decimal"),
    // The longest first: "MX$" holds "$".
    signs: forms.map((form) => part(form, "currency")).sort((a, b) => b.length - a.length),
  };
}
