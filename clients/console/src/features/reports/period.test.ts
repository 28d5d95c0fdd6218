process.env["TZ"] = "America/Santiago"; // clocks change at midnight there

import assert from "node:assert/strict";
import { test } from "node:test";
import { spanOf } from "./period";

test("a day ends with the current hour", () => {
  const { start, end, before } = spanOf("24h", new Date("2026-05-10T10:20:00Z"));
  assert.equal(start.toISOString(), "2026-05-09T11:00:00.000Z");
  assert.equal(end.toISOString(), "2026-05-10T11:00:00.000Z");
  assert.equal(before.start.toISOString(), "2026-05-08T11:00:00.000Z");
  assert.deepEqual(before.end, start);
});

test("days are the reader's own, and the period before is as long as what has passed of this one", () => {
  const { start, end, before } = spanOf("7d", new Date("2026-05-10T20:20:00-04:00"));
  assert.equal(start.getTime(), new Date("2026-05-04T00:00:00-04:00").getTime());
  assert.equal(end.getTime(), new Date("2026-05-10T21:00:00-04:00").getTime());
  assert.equal(before.start.getTime(), new Date("2026-04-27T00:00:00-04:00").getTime());
  assert.equal(before.end.getTime(), new Date("2026-05-03T21:00:00-04:00").getTime());
});
