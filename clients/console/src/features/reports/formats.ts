import { useMemo } from "react";
import { useFormat } from "@/i18n";

/** Returns how to write hours or days: short for the axis of a chart, and in full. */
export function useTimeFormats(by: "hour" | "day"): {
  readonly tick: (time: Date) => string;
  readonly full: (time: Date) => string;
} {
  const { locale } = useFormat();
  return useMemo(() => {
    const hours = by === "hour";
    const tick = new Intl.DateTimeFormat(locale, hours ? { hour: "numeric" } : { day: "numeric", month: "short" });
    const full = new Intl.DateTimeFormat(
      locale,
      hours
        ? { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }
        : { weekday: "short", day: "numeric", month: "long", year: "numeric" },
    );
    return { tick: (time) => tick.format(time), full: (time) => full.format(time) };
  }, [locale, by]);
}
