import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { emptyValues } from "@/lib/product/fields";
import { FileError, type ParsedFile } from "./model";
import { splitList } from "./own-format";
import { parseFile } from "./parse";
import { sha256 } from "./sha256";

/** The files that the program's own import command is tested with. */
const testdata = (name: string) => fileURLToPath(new URL(`../../../../../internal/importer/testdata/${name}`, import.meta.url));
const parse = (content: string | Uint8Array<ArrayBuffer>) =>
  parseFile((typeof content === "string" ? new TextEncoder().encode(content) : content).buffer, "USD");
const lines = (file: ParsedFile) =>
  file.problems.map(({ line, column, reason }) => [line, column, "code" in reason ? reason.code : "refused"].join(" "));

test("the catalog's own format is read as the import command reads it", () => {
  const file = parse(new Uint8Array(readFileSync(testdata("own.csv"))));
  assert.deepEqual(lines(file), [
    "5 Price amount",
    "6 SKU empty",
    "6 Price amount",
    "7  columns",
    "8 SKU twice",
    "10 tags list",
    "11 attributes attributes",
  ]);
  const [lamp, sofa, money] = file.rows;
  assert.equal(lamp?.line, 2);
  assert.deepEqual(lamp.product, {
    ...emptyValues,
    sku: "lamp-1",
    name: 'Lámpara "Sol"',
    brand: "Luz",
    price: { amount: "129.90", currencyCode: "MXN" },
    description: "Two lines,\nand more.",
    imageUrls: ["https://img.example/1.jpg", "https://img.example/2,3.jpg"],
    tags: ["red", "big, round"],
    attributes: { colour: "red" },
  });
  assert.deepEqual(lamp.facts, { popularity: "7" });
  assert.equal(sofa?.line, 4, "the row before has two lines");
  assert.equal(sofa.product.price.currencyCode, "USD");
  assert.equal(money?.product.price.currencyCode, "ABC", "which currencies there are, the server knows");
});

test("a Shopify export is read as the import command reads it", () => {
  const file = parse(new Uint8Array(readFileSync(testdata("shopify.csv"))));
  assert.deepEqual(lines(file), ["8 Variant Price amount", "9 Handle empty", "12 Vendor empty"]);
  assert.equal(file.unpublished, 1);
  assert.deepEqual(
    file.rows.map(({ product }) => product.sku),
    ["clay-plant-pot-regular", "clay-plant-pot-extra-large", "LIGHT-1", "clash-a-b-c-d22b1bec", "clash-a-b-c-044aa6d9"],
  );
  const pot = file.rows[1];
  assert.equal(pot?.product.name, "Clay Plant Pot - Extra Large");
  assert.equal(pot.product.description, "Classic blown clay pot\n- for plants & people\n- red");
  assert.deepEqual(pot.product.tags, ["Pot", "Plants"]);
  assert.deepEqual(pot.product.imageUrls, [
    "https://cdn.example/large.jpg",
    "https://cdn.example/front.jpg",
    "https://cdn.example/back.jpg",
  ]);
  assert.deepEqual(pot.facts, { handle: "clay-plant-pot", type: "Outdoor", barcode: "0123", Size: "Extra Large" });
});

test("every common way to write a file is understood", () => {
  for (const content of [
    "\uFEFFsku,name,brand,price\na,A,B,1\n",
    "sku,name,brand,price\r\na,A,B,1\r\n",
    "sku;name;brand;price\na;A;B;1\n",
    "SKU , Name,BRAND,Price\n a , A,B,1\n",
    "sku,name,brand,price\n\na,A,B,1\n,,,\n",
    "sku,name,brand,price\na,A,B,1",
    "sku,name,brand,price,,\na,A,B,1,,\n",
  ]) {
    const file = parse(content);
    assert.deepEqual(file.problems, [], content);
    assert.deepEqual(
      file.rows.map(({ product: { sku, price } }) => [sku, price.amount]),
      [["a", "1"]],
      content,
    );
  }
});

test("a file that cannot be read says why", () => {
  const fault = (content: string | Uint8Array<ArrayBuffer>) => {
    try {
      parse(content);
      return "none";
    } catch (error) {
      return error instanceof FileError ? error.fault : String(error);
    }
  };
  assert.equal(fault(""), "empty");
  assert.equal(fault(Uint8Array.of(0xff, 0xfe, 0x73, 0)), "utf8");
  assert.equal(fault(Uint8Array.of(...new TextEncoder().encode("sku,name,brand,price,a"), 0xf1, 0x6f)), "utf8");
  assert.equal(fault("id,title\n"), "format");
  assert.equal(fault("sku,name,brand,price,Name\n"), "twice");
});

test("characters in the wrong encoding are mended", () => {
  assert.equal(parse("sku,name,brand,price\na,Insignia\u0099 \u0096 Case,B,1\n").rows[0]?.product.name, "Insignia™ – Case");
});

test("lists are lines of CSV", () => {
  assert.deepEqual(splitList('red,"big, round"'), ["red", "big, round"]);
  assert.deepEqual(splitList('a, "b ""c"""'), ["a", 'b "c"']);
  assert.equal(splitList('a"b'), undefined);
  assert.equal(splitList("a\nb"), undefined);
});

test("SHA-256 is the standard's", () => {
  assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(sha256("x".repeat(200)).length, 64);
});
