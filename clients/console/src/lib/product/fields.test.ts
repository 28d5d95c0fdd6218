import assert from "node:assert/strict";
import { test } from "node:test";
import { create, ScalarType, toJson } from "@bufbuild/protobuf";
import { type Product, ProductSchema } from "@zebrands/catalog";
import { readOwn } from "@/features/import/own-format";
import { readTable } from "@/features/import/table";
import type { Format } from "@/i18n";
import { csvLine } from "@/lib/csv";
import {
  asMessage,
  differences,
  emptyValues,
  fieldAt,
  fieldLabels,
  fieldNames,
  fieldsIn,
  fieldText,
  fieldValue,
  fieldWords,
  ownCells,
  ownColumns,
  pick,
  propertyOf,
  setByServer,
  valuesOf,
} from "./fields";

/** The fields that people change, as the contract has them. */
const contract = ProductSchema.fields.filter(({ localName }) => !setByServer.some((name) => name === localName));

/** Returns a product with a value in each field, made from the contract's types alone. */
function sample(amount: string, text: string): Product {
  const values = contract.map((field) => {
    if (field.fieldKind === "list") return [field.localName, [text, `big, "round" ${text}`]];
    if (field.fieldKind === "map") return [field.localName, { $colour: text, 'a "key"': "1,2" }];
    if (field.fieldKind === "message") return [field.localName, { amount, currencyCode: "MXN" }];
    return [field.localName, field.scalar === ScalarType.INT64 ? BigInt(Math.round(Number(amount))) : text];
  });
  return create(ProductSchema, Object.fromEntries(values));
}

const before = sample("129.90", "red");
const after = sample("250.00", "blue\nand green");

test("every field of the contract that people change has a row, by its name there", () => {
  const rows: readonly string[] = fieldNames;
  for (const { name, localName } of contract) {
    assert.ok(rows.includes(name), `${name} has no row in the table of fields`);
    assert.equal(propertyOf(name as (typeof fieldNames)[number]), localName);
  }
  assert.deepEqual(fieldNames.toSorted(), contract.map(({ name }) => name).toSorted());
});

test("a change of any one field is seen, as is emptying it, and nothing else", () => {
  for (const field of fieldNames) {
    const changed = create(ProductSchema, asMessage({ ...valuesOf(before), ...pick(valuesOf(after), [field]) }));
    assert.deepEqual(fieldsIn(differences(before, valuesOf(changed))), [field]);
    assert.deepEqual(fieldsIn(differences(changed, pick(valuesOf(before), [field]))), [field], `back: ${field}`);
    assert.deepEqual(fieldsIn(differences(before, pick(emptyValues, [field]))), [field], `emptied: ${field}`);
    assert.deepEqual(differences(changed, valuesOf(changed)), {});
  }
});

test("money is the same however it is written, and attributes in whatever order", () => {
  const other = create(ProductSchema, {
    price: { amount: "129.9", currencyCode: "MXN" },
    attributes: Object.fromEntries(Object.entries(before.attributes).reverse()),
  });
  assert.deepEqual(differences(before, pick(valuesOf(other), ["price", "attributes"])), {});
});

test("an exported product is imported as it was", () => {
  for (const product of [before, after, create(ProductSchema, asMessage({ ...emptyValues, sku: "a" }))]) {
    const [row, ...more] = readOwn(readTable(csvLine(ownColumns) + csvLine(ownCells(product))), "USD").rows;
    assert.deepEqual(more, []);
    assert.deepEqual(row?.product, valuesOf(product));
  }
});

test("a value is told alike from a message and from the history's JSON form", () => {
  const format: Partial<Format> = {
    money: ({ amount, currencyCode }) => `${amount} ${currencyCode}`,
    number: String,
    list: (items) => items.join(" & "),
  };
  const json = toJson(ProductSchema, before, { useProtoFieldName: true }) as Record<string, unknown>;
  for (const field of fieldNames) {
    const text = fieldText(field, fieldValue(valuesOf(before), field), format as Format);
    assert.notEqual(text, "", field);
    assert.equal(fieldText(field, json[field], format as Format), text);
    assert.equal(fieldText(field, null, format as Format), "");
  }
});

test("fields have names in sentences, and are found by the server's paths", () => {
  assert.deepEqual(fieldWords(["tags", "sku", "price"], fieldLabels.es), ["SKU", "precio", "etiquetas"]);
  assert.equal(fieldAt("product.price.currency_code"), "price");
  assert.equal(fieldAt('product.attributes["sku"]'), "attributes");
  assert.equal(fieldAt("product.image_urls[3]"), "image_urls");
  assert.equal(fieldAt("constructor"), undefined);
});
