import type { Message } from "@bufbuild/protobuf";
import type { MoneyValue, Product } from "@zebrands/catalog";
import type { Format } from "@/i18n";
import type { Language } from "@/lib/preferences";
import { type Kind, type KindOf, kinds, type Rules } from "./kinds";

/** What the server sets. Everything else of a product is a field that people change, and has a row in the table. */
export const setByServer = ["id", "etag", "createTime", "updateTime", "deleteTime"] as const;

type Property = Exclude<keyof Product, keyof Message | (typeof setByServer)[number]>;

/** What people change about a product. */
export type Values = {
  readonly [P in Property]: [Product[P]] extends [Product["price"]] ? MoneyValue : Readonly<Product[P]>;
};

/** A property's name in the contract, in update masks and in the history: imageUrls is image_urls. */
type PathOf<P extends string> = P extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${PathOf<Rest>}`
  : P;

export type FieldName = PathOf<Property>;

type Row<K extends Kind> = {
  /** Decides about the form control, how a value is written, compared and read from a file. */
  readonly kind: K;
  readonly label: Readonly<Record<Language, string>>;
  readonly required?: true;
  /** Shares a line of the form with the field beside it. */
  readonly half?: true;
  /** Its columns in the catalog's own format; otherwise it has one, named as the field. Money has one more for the currency. */
  readonly columns?: readonly string[];
} & (K extends "money" ? { readonly columns: readonly [string, string] } : unknown);

/**
 * The fields of a product, in the order in which texts and files list them. Everything in the console that knows a field reads this
 * table: a field that the contract gets does not compile until it has a row.
 */
const table = {
  sku: { kind: "code", label: { en: "SKU", es: "SKU" }, required: true, half: true },
  name: { kind: "line", label: { en: "Name", es: "Nombre" }, required: true },
  brand: { kind: "brand", label: { en: "Brand", es: "Marca" }, required: true, half: true },
  price: { kind: "money", label: { en: "Price", es: "Precio" }, required: true, columns: ["price", "currency"] },
  description: { kind: "text", label: { en: "Description", es: "Descripción" } },
  image_urls: { kind: "addresses", label: { en: "Pictures", es: "Imágenes" } },
  tags: { kind: "tags", label: { en: "Tags", es: "Etiquetas" } },
  attributes: { kind: "attributes", label: { en: "Attributes", es: "Atributos" } },
  weight_grams: { kind: "integer", label: { en: "Weight in grams", es: "Peso en gramos" } },
} as const satisfies { readonly [P in Property as PathOf<P>]: Row<KindOf<Values[P]>> };

export const fieldNames = Object.keys(table) as readonly FieldName[];

/** The order in which forms and pages show fields: these first, as people think of them, then the others. */
export const shownFields: readonly FieldName[] = [
  ...new Set<FieldName>(["name", "brand", "sku", "price", "description", "tags", ...fieldNames]),
];

/** Returns the row of a field. */
export function fieldRow(field: FieldName): Row<Kind> {
  return table[field];
}

function labelsIn(language: Language) {
  return Object.fromEntries(fieldNames.map((field) => [field, table[field].label[language]])) as Record<FieldName, string>;
}

/** For the features' messages. */
export const fieldLabels = { en: labelsIn("en"), es: labelsIn("es") };

/** A column of the catalog's own format. */
export type Column = FieldName | (typeof table.price.columns)[number];

/** Returns the columns of a field in the catalog's own format. */
export function columnsOf(field: FieldName): readonly Column[] {
  return (fieldRow(field).columns as readonly Column[] | undefined) ?? [field];
}

/** The columns of the catalog's own format, in the order in which they are exported. */
export const ownColumns = fieldNames.flatMap(columnsOf);

/** Those without which a file is not of that format. */
export const requiredColumns: readonly Column[] = fieldNames.filter((field) => fieldRow(field).required);

/**
 * Returns a product in the columns of the catalog's own format, so that importing it changes nothing. Cells that a spreadsheet takes
 * for a formula are written as they are: a mark before them would become part of the value.
 */
export function ownCells(product: Product): string[] {
  const values = valuesOf(product);
  return fieldNames.flatMap((field) => rulesOf(field).cells(fieldValue(values, field)));
}

/** Returns the field's name in messages: imageUrls for image_urls. */
export function propertyOf(field: FieldName): Property {
  return field.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as Property;
}

/** Returns the field that a path is in: price for product.price.amount. Undefined if this console does not know it. */
export function fieldAt(path: string): FieldName | undefined {
  const [root] = path.replace(/^product\./, "").split(/[.[]/);
  return fieldNames.find((field) => field === root);
}

export function rulesOf(field: FieldName): Rules<unknown> {
  return kinds[table[field].kind];
}

function valuesBy(value: (field: FieldName) => unknown, fields = fieldNames): Partial<Values> {
  return Object.fromEntries(fields.map((field) => [propertyOf(field), value(field)]));
}

/** What a new product starts with. */
export const emptyValues = valuesBy((field) => rulesOf(field).empty) as Values;

/** Returns the price of a product. The server always sends it; the message need not have it. */
export function priceOf(product: Product): MoneyValue {
  return { amount: product.price?.amount ?? "0", currencyCode: product.price?.currencyCode ?? "USD" };
}

/** Returns what people can change about a product as it is. */
export function valuesOf(product: Product): Values {
  return { ...(valuesBy((field) => product[propertyOf(field)]) as Values), price: priceOf(product) };
}

/** Returns those values that differ from a product's. */
export function differences(product: Product, values: Partial<Values>): Partial<Values> {
  const now = valuesOf(product);
  return pick(
    values,
    fieldsIn(values).filter((field) => !sameValue(now, values, field)),
  );
}

/** Returns the fields that are among values, in the table's order. */
export function fieldsIn(values: Partial<Values>): FieldName[] {
  return fieldNames.filter((field) => propertyOf(field) in values);
}

/** Returns only some of the values. */
export function pick(values: Partial<Values>, fields: readonly FieldName[]): Partial<Values> {
  return valuesBy((field) => fieldValue(values, field), fields);
}

/** Returns the value of a field. */
export function fieldValue(values: Partial<Values>, field: FieldName): Values[Property] | undefined {
  return values[propertyOf(field)];
}

/** Reports whether two have the same value in a field. */
export function sameValue(a: Partial<Values>, b: Partial<Values>, field: FieldName): boolean {
  return rulesOf(field).same(fieldValue(a, field), fieldValue(b, field));
}

/** Returns the value of a field, of a message or in the JSON form of the history, as people read it; "" if there is none. */
export function fieldText(field: FieldName, value: unknown, format: Format, inline = false): string {
  return value === undefined || value === null ? "" : rulesOf(field).text(value, format, inline);
}

/** Returns the labels of fields, in the table's order, as words in a sentence. */
export function fieldWords(fields: readonly string[], labels: Readonly<Record<FieldName, string>>): string[] {
  return fieldNames
    .filter((field) => fields.includes(field))
    .map((field) => (labels[field] === labels[field].toUpperCase() ? labels[field] : labels[field].toLowerCase()));
}

/** Returns values as the fields of a message, whose lists and maps could be changed. Nobody changes them. */
export function asMessage(values: Partial<Values>) {
  return values as { -readonly [P in keyof Values]?: Extract<Values[P], MoneyValue> extends never ? Product[P] : MoneyValue };
}
