import { formatMoney, type MoneyValue } from "@zebrands/catalog";
import { useMemo } from "react";
import { type Language, usePreferences } from "@/lib/preferences";

/** A point in time as the API, the browser or a JSON answer gives it. */
export type Instant = Date | string | { readonly seconds: bigint; readonly nanos: number };

/** Returns an instant as a Date. */
export function toDate(instant: Instant): Date {
  if (instant instanceof Date) return instant;
  if (typeof instant === "string") return new Date(instant);
  return new Date(Number(instant.seconds) * 1000 + Math.floor(instant.nanos / 1e6));
}

/** How a language writes money, numbers and times, in the user's own variant of it: es-MX rather than es. */
export interface Format {
  readonly locale: string;
  money(money: MoneyValue): string;
  number(value: number | bigint, options?: Intl.NumberFormatOptions): string;
  /** 0.25 is 25 %. */
  percent(ratio: number): string;
  date(instant: Instant): string;
  dateTime(instant: Instant): string;
  /** Such as "3 minutes ago". */
  relative(instant: Instant): string;
  list(items: readonly string[]): string;
}

const units = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** Returns how to write values in the user's language. */
export function useFormat(): Format {
  const { language } = usePreferences();
  return useMemo(() => createFormat(localeOf(language)), [language]);
}

/** Returns the user's own variant of a language, such as es-MX, or the language itself. */
function localeOf(language: Language): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

function createFormat(locale: string): Format {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const list = new Intl.ListFormat(locale);
  return {
    locale,
    money: (money) => formatMoney(money, locale),
    number: (value, options) => new Intl.NumberFormat(locale, options).format(value),
    percent: (ratio) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(ratio),
    date: (instant) => date.format(toDate(instant)),
    dateTime: (instant) => dateTime.format(toDate(instant)),
    relative: (instant) => {
      const seconds = (toDate(instant).getTime() - Date.now()) / 1000;
      const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
      return relative.format(Math.round(seconds / length), unit);
    },
    list: (items) => list.format(items),
  };
}
