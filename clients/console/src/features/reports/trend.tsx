import clsx from "clsx";
import { ArrowDownRight, ArrowRight, ArrowUpRight } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { messages } from "./messages";

interface TrendProps {
  readonly now: number;
  readonly before: number;
  /** Whether more is neither good nor bad. */
  readonly neutral?: boolean;
}

/** How much more or less something is than in the period before. */
export function Trend({ now, before, neutral = false }: TrendProps) {
  const m = useMessages(messages);
  const format = useFormat();
  if (before === 0) return <span className="text-xs text-ink-soft">{now === 0 ? m.unchanged : m.noneBefore}</span>;
  const change = now / before - 1;
  const percent = format.number(Math.abs(change), { style: "percent", maximumFractionDigits: Math.abs(change) < 0.1 ? 1 : 0 });
  const [Icon, text, tone] =
    change === 0
      ? [ArrowRight, m.unchanged, "text-ink-soft"]
      : change > 0
        ? [ArrowUpRight, m.up(percent), "text-success-ink"]
        : [ArrowDownRight, m.down(percent), "text-danger-ink"];
  return (
    <span
      title={m.against(format.number(before, { maximumFractionDigits: 2 }))}
      className={clsx("inline-flex items-center gap-1 text-xs font-medium whitespace-nowrap", neutral ? "text-ink-soft" : tone)}
    >
      <Icon className="size-3.5" aria-hidden />
      <span aria-hidden>{change === 0 ? m.unchanged : percent}</span>
      <span className="sr-only">{text}</span>
    </span>
  );
}
