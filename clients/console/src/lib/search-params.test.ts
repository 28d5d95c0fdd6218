import assert from "node:assert/strict";
import { test } from "node:test";
import { defined, listParam, oneOf, parseSearch, stringifySearch, textParam } from "./search-params";

test("an address survives being read and written", () => {
  for (const search of ["", "?q=tv", "?q=12%22+tv&brand=LG&brand=Sony", "?brand=A%26B", "?q=001"]) {
    assert.equal(stringifySearch(parseSearch(search)), search);
  }
});

test("what is empty stays out of the address", () => {
  assert.equal(stringifySearch({ q: "", brand: [], tag: undefined, deleted: false, sort: "name" }), "?sort=name");
});

test("parameters are read as what they should be", () => {
  const params = parseSearch("?q=tv&q=radio&brand=LG&brand=LG&brand=&sort=nonsense");
  assert.equal(textParam(params["q"]), "tv");
  assert.deepEqual(listParam(params["brand"]), ["LG"]);
  assert.equal(oneOf(["name", "price"], params["sort"]), undefined);
  assert.deepEqual(defined({ a: 1, b: undefined }), { a: 1 });
});
