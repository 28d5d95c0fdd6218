import type { Product } from "@zebrands/catalog";
import type { FieldName, ParsedFile, Row } from "./model";

/** Returns the attributes that a row gives a product that has some. Those that the file does not name stay. */
export function attributesOf(file: ParsedFile, row: Row, now: Readonly<Record<string, string>>): Record<string, string> {
  const attributes = { ...(file.fields.includes("attributes") ? row.product.attributes : now) };
  for (const [name, value] of Object.entries(row.facts)) {
    if (value === "") delete attributes[name];
    else attributes[name] = value;
  }
  return attributes;
}

/** Returns the fields in which a row differs from the product that has its SKU. */
export function changedFields(file: ParsedFile, row: Row, now: Product): FieldName[] {
  const { product } = row;
  const same: Record<FieldName, () => boolean> = {
    sku: () => true,
    name: () => product.name === now.name,
    brand: () => product.brand === now.brand,
    price: () =>
      product.price.currencyCode === now.price?.currencyCode && plain(product.price.amount) === plain(now.price.amount),
    description: () => product.description === now.description,
    image_urls: () => sameList(product.imageUrls, now.imageUrls),
    tags: () => sameList(product.tags, now.tags),
    attributes: () => sameMap(attributesOf(file, row, now.attributes), now.attributes),
  };
  const fields = new Set<FieldName>([...file.fields, "attributes"]);
  return [...fields].filter((field) => !same[field]());
}

/** Returns decimal text without zeros that mean nothing: 129.90 is 129.9. */
function plain(amount: string): string {
  return (amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount).replace(/^0+(?=[0-9])/, "");
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function sameMap(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
