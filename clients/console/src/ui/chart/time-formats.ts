import { useMemo } from "react";
import { useFormat } from "@/i18n";
import type { Step } from "@/lib/time-series";

interface TimeFormats {
  /** Short, for the axis of a chart. */
  readonly tick: (time: Date) => string;
  /** In full. */
  readonly full: (time: Date) => string;
}

/** Returns how to write the points of a series; those of a single day need no date on the axis. */
export function useTimeFormats(by: Step, singleDay: boolean): TimeFormats {
  const { locale } = useFormat();
  return useMemo(() => {
    const tick = new Intl.DateTimeFormat(locale, singleDay ? { hour: "numeric" } : { day: "numeric", month: "short" });
    const full = new Intl.DateTimeFormat(
      locale,
      by === "hour"
        ? { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }
        : { weekday: "short", day: "numeric", month: "long", year: "numeric" },
    );
    return { tick: (time) => tick.format(time), full: (time) => full.format(time) };
  }, [locale, by, singleDay]);
}
