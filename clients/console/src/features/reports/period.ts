import { nextHour, type Step, startOfPeriod } from "@/lib/time-series";
import type { Period } from "./search";

/** A period that ends now, cut into hours or into the reader's own days, and the one of the same length before it. */
export interface Span {
  readonly start: Date;
  readonly end: Date;
  readonly before: { readonly start: Date; readonly end: Date };
  readonly by: Step;
}

/** How many days a period has, today among them. */
const days: Record<Period, number> = { "24h": 1, "7d": 7, "30d": 30, "90d": 90, "12m": 365 };

/**
 * Returns the span of a period. Of the period before it takes no more than has passed of this one, so that half a day is not compared
 * with a whole one. The end is the start of the next hour, which the server rounds to anyway.
 */
export function spanOf(period: Period, now: Date): Span {
  const count = days[period];
  const end = nextHour(now);
  const start = startOfPeriod(count, now);
  if (count === 1) {
    const length = end.getTime() - start.getTime();
    return { start, end, before: { start: new Date(start.getTime() - length), end: start }, by: "hour" };
  }
  const back = (time: Date) => {
    const moved = new Date(time);
    moved.setDate(moved.getDate() - count);
    return moved;
  };
  return { start, end, before: { start: back(start), end: back(end) }, by: "day" };
}
