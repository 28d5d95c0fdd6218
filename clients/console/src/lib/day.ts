// Days as <input type="date"> writes them, such as 2026-03-31, in the reader's time zone. Days may have 23 or 25 hours.

/** Returns the day that a time is on. */
export function dayOf(time: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${String(time.getFullYear()).padStart(4, "0")}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** Returns the first moment of a day; undefined if the text is no day. */
export function startOfDay(day: string | undefined): Date | undefined {
  const [, year, month, date] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? "") ?? []).map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const start = new Date(year, month - 1, date);
  return dayOf(start) === day ? start : undefined;
}

/** Returns the first moment after a day; undefined if the text is no day. */
export function endOfDay(day: string | undefined): Date | undefined {
  const start = startOfDay(day);
  return start && new Date(start.getFullYear(), start.getMonth(), start.getDate() + 1);
}
