process.env["TZ"] = "America/Santiago"; // clocks change at midnight there

import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf, endOfDay, startOfDay } from "./day";

test("a day is the reader's, from its first moment to the next one's", () => {
  assert.equal(startOfDay("2026-03-31")?.toISOString(), "2026-03-31T03:00:00.000Z");
  assert.equal(endOfDay("2026-03-31")?.toISOString(), "2026-04-01T03:00:00.000Z");
  assert.equal(dayOf(new Date("2026-04-01T02:59:59Z")), "2026-03-31");
  assert.equal(dayOf(new Date("2026-04-01T03:00:00Z")), "2026-04-01");
});

test("a day on which clocks change has 25 hours", () => {
  const start = startOfDay("2026-04-04");
  const end = endOfDay("2026-04-04");
  assert.equal((Number(end) - Number(start)) / 3_600_000, 25);
});

test("what is no day has no start and no end", () => {
  for (const text of [undefined, "", "today", "2026-02-30", "2026-2-3", "2026-03-31T00:00"]) {
    assert.equal(startOfDay(text), undefined);
    assert.equal(endOfDay(text), undefined);
  }
});
