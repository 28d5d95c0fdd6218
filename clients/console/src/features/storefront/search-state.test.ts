import assert from "node:assert/strict";
import { test } from "node:test";
import { countFilters } from "@/lib/product-filters";
import { parseSearch } from "@/lib/search-params";
import { queryOf, validateShopSearch } from "./search-state";

const read = (search: string) => validateShopSearch(parseSearch(search));

test("an address becomes what the server is asked", () => {
  assert.deepEqual(queryOf(read("?q=tv&brand=LG&brand=B%22C&tag=sale&min=10&max=99.90&currency=USD&sort=-price")), {
    query: "tv",
    filter: '(brand = "LG" OR brand = "B\\"C") AND tags:"sale" AND currency = "USD" AND price >= 10 AND price <= 99.90',
    orderBy: "price desc",
  });
});

test("an address without anything asks for nothing in particular", () => {
  assert.deepEqual(queryOf(read("")), {});
});

test("what an address says wrongly is left out", () => {
  assert.deepEqual(read("?min=abc&max=-1&currency=dollars&sort=random&brand="), {});
});

test("filters are counted as a person sees them", () => {
  assert.equal(countFilters(read("?q=tv&brand=A&brand=B&min=1&max=2&currency=USD&tag=x")), 4);
});
