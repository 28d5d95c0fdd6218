import type { Period } from "./search";

const hour = 3_600_000;

/** A period that ends now, cut into hours or into the reader's own days, and the one of the same length before it. */
export interface Span {
  readonly start: Date;
  readonly end: Date;
  readonly before: { readonly start: Date; readonly end: Date };
  readonly by: "hour" | "day";
}

/** How many days a period has, today among them. */
const days: Record<Exclude<Period, "24h">, number> = { "7d": 7, "30d": 30, "90d": 90, "12m": 365 };

/**
 * Returns the span of a period. Of the period before it takes no more than has passed of this one, so that half a day is not compared
 * with a whole one. The end is the start of the next hour, which the server rounds to anyway.
 */
export function spanOf(period: Period, now: Date): Span {
  const end = new Date(Math.floor(now.getTime() / hour + 1) * hour);
  if (period === "24h") {
    const back = (time: Date) => new Date(time.getTime() - 24 * hour);
    return { start: back(end), end, before: { start: back(back(end)), end: back(end) }, by: "hour" };
  }
  const back = (time: Date, count: number) => {
    const moved = new Date(time);
    moved.setDate(moved.getDate() - count);
    return moved;
  };
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const start = back(today, days[period] - 1);
  return { start, end, before: { start: back(start, days[period]), end: back(end, days[period]) }, by: "day" };
}

/** What was counted in an hour, as both series of the API have it. */
export interface HourPoint {
  readonly startTime?: { readonly seconds: bigint } | undefined;
  readonly views: bigint;
  readonly impressions: bigint;
}

/** Counts at points of time. */
export interface Series {
  readonly times: readonly Date[];
  readonly views: readonly number[];
  readonly impressions: readonly number[];
}

/** Sums hours up to the points of a span: hours, or days of the reader's time zone. */
export function seriesOf(points: readonly HourPoint[], start: Date, end: Date, by: Span["by"]): Series {
  const times = steps(start, end, by);
  const views = times.map(() => 0);
  const impressions = times.map(() => 0);
  let at = 0;
  for (const point of points) {
    const time = Number(point.startTime?.seconds ?? 0n) * 1000;
    while (at + 1 < times.length && time >= (times[at + 1]?.getTime() ?? 0)) at++;
    views[at] = (views[at] ?? 0) + Number(point.views);
    impressions[at] = (impressions[at] ?? 0) + Number(point.impressions);
  }
  return { times, views, impressions };
}

/** Returns when the hours or days between two times start. Days have 23 or 25 hours when clocks change. */
function steps(start: Date, end: Date, by: Span["by"]): Date[] {
  const times: Date[] = [];
  for (let time = start; time < end; ) {
    times.push(time);
    time = by === "hour" ? new Date(time.getTime() + hour) : new Date(time.getFullYear(), time.getMonth(), time.getDate() + 1);
  }
  return times;
}
