process.env["TZ"] = "America/Santiago"; // clocks change at midnight there

import assert from "node:assert/strict";
import { test } from "node:test";
import { seriesOf, spanOf } from "./period";

const hour = 3_600_000;

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

test("hours are summed up to days, also where a day has 23 or 25 hours", () => {
  const { start, end, by } = spanOf("12m", new Date("2026-05-10T12:00:00-04:00"));
  const count = (end.getTime() - start.getTime()) / hour;
  const points = Array.from({ length: count }, (_, index) => ({
    startTime: { seconds: BigInt(start.getTime() / 1000 + index * 3600) },
    views: 1n,
    impressions: 2n,
  }));
  const { times, views, impressions } = seriesOf(points, start, end, by);
  assert.equal(times.length, 365);
  assert.ok(
    times.every((time) => time.getDate() !== times[times.indexOf(time) + 1]?.getDate()),
    "no day twice",
  );
  assert.deepEqual([...new Set(views)].sort(), [13, 23, 24, 25]);
  assert.equal(
    impressions.reduce((sum, n) => sum + n, 0),
    2 * count,
  );
});

test("what was not counted is nought", () => {
  const { start, end, by } = spanOf("24h", new Date("2026-05-10T10:20:00Z"));
  const { views } = seriesOf([], start, end, by);
  assert.deepEqual(
    views,
    Array.from({ length: 24 }, () => 0),
  );
});
