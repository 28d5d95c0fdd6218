process.env["TZ"] = "America/Santiago"; // clocks change at midnight there

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextHour, seriesOf, startOfPeriod } from "./time-series";

const hour = 3_600_000;

test("hours are summed up to days, also where a day has 23 or 25 hours", () => {
  const now = new Date("2026-05-10T12:00:00-04:00");
  const [start, end] = [startOfPeriod(365, now), nextHour(now)];
  const count = (end.getTime() - start.getTime()) / hour;
  const points = Array.from({ length: count }, (_, index) => ({
    startTime: { seconds: BigInt(start.getTime() / 1000 + index * 3600) },
    views: 1n,
    impressions: 2n,
  }));
  const { times, views, impressions } = seriesOf(points, start, end, "day");
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
  const now = new Date("2026-05-10T10:20:00Z");
  const { views } = seriesOf([], startOfPeriod(1, now), nextHour(now), "hour");
  assert.deepEqual(
    views,
    Array.from({ length: 24 }, () => 0),
  );
});
