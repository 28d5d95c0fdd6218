const hour = 3_600_000;

/** What a point of a series is: an hour, or a day of the reader's time zone. */
export type Step = "hour" | "day";

/** Returns the start of the next hour, with which a period ends that goes on: the server counts by the hour. */
export function nextHour(now: Date): Date {
  return new Date(Math.floor(now.getTime() / hour + 1) * hour);
}

/** Returns when a period starts that has so many days, today among them; one day is the last 24 hours. */
export function startOfPeriod(days: number, now: Date): Date {
  if (days === 1) return new Date(nextHour(now).getTime() - 24 * hour);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1));
}

/** What was counted in an hour, as every series of the API has it. */
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

/** Sums hours up to the points between two times. */
export function seriesOf(points: readonly HourPoint[], start: Date, end: Date, by: Step): Series {
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
function steps(start: Date, end: Date, by: Step): Date[] {
  const times: Date[] = [];
  for (let time = start; time < end; ) {
    times.push(time);
    time = by === "hour" ? new Date(time.getTime() + hour) : new Date(time.getFullYear(), time.getMonth(), time.getDate() + 1);
  }
  return times;
}
