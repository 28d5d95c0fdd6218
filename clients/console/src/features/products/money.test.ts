import assert from "node:assert/strict";
import { test } from "node:test";
import { typedAmount } from "@/lib/typed-amount";
import { percentFactor, plainPercent } from "./money";

test("a percentage becomes an exact factor", () => {
  assert.equal(percentFactor("10"), "1.10");
  assert.equal(percentFactor("-12.5"), "0.875");
  assert.equal(percentFactor("0.01"), "1.0001");
  assert.equal(percentFactor("-100"), "0.00");
  assert.equal(percentFactor("-101"), undefined);
  assert.equal(percentFactor("1e3"), undefined);
  assert.equal(percentFactor(""), undefined);
});

test("amounts and percentages are typed as in the reader's country", () => {
  assert.equal(typedAmount("129.90", "es-ES"), "129,90");
  assert.equal(typedAmount("129.90", "es-MX"), "129.90");
  assert.equal(plainPercent("12,5 %"), "12.5");
});
