import assert from "node:assert/strict";
import { test } from "node:test";
import { safeReturnTo } from "./return-to";

test("somebody who signs in goes on where they wanted to", () => {
  assert.equal(safeReturnTo("/admin/products?q=tv#top"), "/admin/products?q=tv#top");
  assert.equal(safeReturnTo("/admin"), "/admin");
});

test("a link to the sign-in page leads nowhere else", () => {
  const others = [
    undefined,
    "",
    "/",
    "//evil.example/admin",
    "https://evil.example/admin/",
    "/\\evil.example",
    "/administrators-of-evil",
    "/admin/../../sign-in",
    "/admin\t/../..//evil.example",
    "javascript:alert(1)",
  ];
  for (const path of others) assert.equal(safeReturnTo(path), "/admin/products", String(path));
});
