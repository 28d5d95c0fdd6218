import type { Product } from "@zebrands/catalog";
import { type FieldName, sameValue, type Values, valuesOf } from "@/lib/product/fields";
import type { ParsedFile, Row } from "./model";

/** Returns the attributes that a row gives a product that has some. Those that the file does not name stay. */
function attributesOf(file: ParsedFile, row: Row, now: Readonly<Record<string, string>>): Record<string, string> {
  const attributes = { ...(file.fields.includes("attributes") ? row.product.attributes : now) };
  for (const [name, value] of Object.entries(row.facts)) {
    if (value === "") delete attributes[name];
    else attributes[name] = value;
  }
  return attributes;
}

/** Returns a row's values, if it is to be brought in where a product has these attributes. */
export function wantedValues(file: ParsedFile, row: Row, now: Readonly<Record<string, string>>): Values {
  return { ...row.product, attributes: attributesOf(file, row, now) };
}

/** Returns the fields in which a row differs from the product that has its SKU. */
export function changedFields(file: ParsedFile, row: Row, product: Product): FieldName[] {
  const now = valuesOf(product);
  const wanted = wantedValues(file, row, now.attributes);
  return [...new Set<FieldName>([...file.fields, "attributes"])].filter((field) => !sameValue(wanted, now, field));
}
