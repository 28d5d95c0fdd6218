import type { Product } from "@zebrands/catalog";

/** The columns of the catalog's own format, in the order in which they are exported. */
export const ownColumns = [
  "sku",
  "name",
  "brand",
  "price",
  "currency",
  "description",
  "image_urls",
  "tags",
  "attributes",
] as const;

/** Returns a line of CSV, with its end. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}

/**
 * Returns a product in the columns of the catalog's own format, so that importing it changes nothing. Cells that a spreadsheet takes
 * for a formula are written as they are: a mark before them would become part of the value.
 */
export function ownCells(product: Product): string[] {
  const { sku, name, brand, price, description, imageUrls, tags, attributes } = product;
  const facts = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    sku,
    name,
    brand,
    price?.amount ?? "",
    price?.currencyCode ?? "",
    description,
    imageUrls.map(cell).join(","),
    tags.map(cell).join(","),
    facts.length === 0 ? "" : JSON.stringify(Object.fromEntries(facts)),
  ];
}

function cell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
