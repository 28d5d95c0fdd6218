import { useEffect, useReducer } from "react";
import { useFormat, useMessages } from "@/i18n";
import type { Figures } from "./data";
import { messages } from "./messages";

/** How often the words are made anew, in milliseconds. */
const tick = 5_000;

/** Tells how fresh the figures are. */
export function Freshness({ figures }: { readonly figures: Figures | undefined }) {
  const m = useMessages(messages);
  const format = useFormat();
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(refresh, tick);
    return () => clearInterval(timer);
  }, []);
  if (figures === undefined) return <p className="h-5" />;
  const time = new Intl.DateTimeFormat(format.locale, { timeStyle: "medium" }).format(figures.asOf);
  const last = figures.lastUpdate === undefined ? m.noReads : m.lastRead(format.relative(figures.lastUpdate));
  return (
    <p title={m.freshHelp} className="flex items-center gap-2 text-xs text-ink-soft">
      <span aria-hidden className="size-2 shrink-0 rounded-full bg-success-ink" />
      <span>
        {m.fresh(time)} · {last}
      </span>
    </p>
  );
}
