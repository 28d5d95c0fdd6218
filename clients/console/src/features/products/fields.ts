import type { MoneyValue, Product } from "@zebrands/catalog";

/** The fields of a product that people change, as update masks and the history name them. */
export const fieldNames = ["sku", "name", "brand", "price", "description", "image_urls", "tags", "attributes"] as const;
export type FieldName = (typeof fieldNames)[number];

/** What people change about a product. */
export interface Values {
  readonly sku: string;
  readonly name: string;
  readonly brand: string;
  readonly price: MoneyValue;
  readonly description: string;
  readonly imageUrls: readonly string[];
  readonly tags: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

const properties = {
  sku: "sku",
  name: "name",
  brand: "brand",
  price: "price",
  description: "description",
  image_urls: "imageUrls",
  tags: "tags",
  attributes: "attributes",
} as const satisfies Record<FieldName, keyof Values>;

/** Returns the price of a product. The server always sends it; the message need not have it. */
export function priceOf(product: Product): MoneyValue {
  return { amount: product.price?.amount ?? "0", currencyCode: product.price?.currencyCode ?? "USD" };
}

/** Returns what people can change about a product as it is. */
export function valuesOf(product: Product): Values {
  const { sku, name, brand, description, imageUrls, tags, attributes } = product;
  return { sku, name, brand, price: priceOf(product), description, imageUrls, tags, attributes };
}

/** Returns those values that differ from a product's. */
export function differences(product: Product, values: Partial<Values>): Partial<Values> {
  const now = valuesOf(product);
  return Object.fromEntries(
    fieldsIn(values)
      .filter((field) => !sameValue(now, values, field))
      .map((field) => [properties[field], values[properties[field]]]),
  );
}

/** Returns the fields that have a value, in the order in which people see them. */
export function fieldsIn(values: Partial<Values>): FieldName[] {
  return fieldNames.filter((field) => values[properties[field]] !== undefined);
}

/** Returns only some of the values. */
export function pick(values: Partial<Values>, fields: readonly FieldName[]): Partial<Values> {
  return Object.fromEntries(fields.map((field) => [properties[field], values[properties[field]]]));
}

/** Returns the value of a field. */
export function fieldValue(values: Partial<Values>, field: FieldName): Values[keyof Values] | undefined {
  return values[properties[field]];
}

/** Reports whether two have the same value in a field. */
export function sameValue(a: Partial<Values>, b: Partial<Values>, field: FieldName): boolean {
  return canonical(fieldValue(a, field)) === canonical(fieldValue(b, field));
}

/** Returns a text that is the same for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  if ("amount" in value && "currencyCode" in value) return `${plainAmount(String(value.amount))} ${value.currencyCode}`;
  const keys = Object.keys(value).filter((key) => !key.startsWith("$"));
  return JSON.stringify(keys.sort().map((key) => [key, (value as Record<string, unknown>)[key]]));
}

/** Returns decimal text without zeros that mean nothing: 129.90 is 129.9. */
function plainAmount(amount: string): string {
  return (amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount).replace(/^0+(?=[0-9])/, "");
}
