import assert from "node:assert/strict";
import { test } from "node:test";
import { allOf, compares, isOneOf, quote } from "./filter";

test("a text cannot leave its literal", () => {
  assert.equal(quote('12" TV'), '"12\\" TV"');
  assert.equal(quote("back\\slash"), '"back\\\\slash"');
  assert.equal(quote('\\" OR sku = "x'), '"\\\\\\" OR sku = \\"x"');
});

test("one of several values", () => {
  assert.equal(isOneOf("brand", ["Sony"]), 'brand = "Sony"');
  assert.equal(isOneOf("brand", ["Sony", "LG"]), '(brand = "Sony" OR brand = "LG")');
  assert.equal(isOneOf("brand", []), undefined);
  assert.equal(isOneOf("brand", undefined), undefined);
});

test("only plain decimals are compared", () => {
  assert.equal(compares("price", "<=", "129.90"), "price <= 129.90");
  for (const text of ["", "1e3", "-1", "1 OR true", "1,5", ".5", undefined])
    assert.equal(compares("price", ">", text), undefined);
});

test("conditions that are not there leave no trace", () => {
  assert.equal(allOf(undefined, "a = 1", "", "b = 2"), "a = 1 AND b = 2");
  assert.equal(allOf(undefined, undefined), "");
});
