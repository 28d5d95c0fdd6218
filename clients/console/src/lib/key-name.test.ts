import assert from "node:assert/strict";
import { test } from "node:test";
import { inSpanish } from "./key-name";

test("a program with somebody's key is named in Spanish", () => {
  assert.equal(inSpanish("erp (key of Ana)"), "erp (clave de Ana)");
  assert.equal(inSpanish("old (key of the door) (key of Ana (Sales))"), "old (key of the door) (clave de Ana (Sales))");
  assert.equal(inSpanish("Ana"), "Ana");
});
