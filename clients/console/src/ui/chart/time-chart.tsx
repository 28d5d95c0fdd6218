import clsx from "clsx";
import { type KeyboardEvent, lazy, Suspense, useId, useMemo, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { Skeleton } from "../state";
import { messages } from "./messages";

const Plot = lazy(() => import("./plot"));

export interface ChartLine {
  readonly label: string;
  readonly values: readonly number[];
}

interface TimeChartProps {
  /** What the chart shows, for screen readers. */
  readonly label: string;
  /** When each point starts. */
  readonly times: readonly Date[];
  readonly main: ChartLine;
  /** What the main line is compared with, point by point, such as the period before. */
  readonly comparison?: ChartLine | undefined;
  /** Writes a time as a label of the axis: short. */
  readonly formatTick: (time: Date) => string;
  /** Writes a time in full. */
  readonly formatTime: (time: Date) => string;
}

/**
 * Counts over time. Pointing at it, or the arrow keys, tell the values of a point; a table tells all of them. The code that draws is
 * loaded when a chart is shown.
 */
export function TimeChart({ label, times, main, comparison, formatTick, formatTime }: TimeChartProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const hintId = useId();
  const [selected, setSelected] = useState<number>();
  const [mainValues, comparisonValues] = [main.values, comparison?.values];
  const lines = useMemo(
    () => [
      { values: mainValues, kind: "main" as const },
      ...(comparisonValues === undefined ? [] : [{ values: comparisonValues, kind: "comparison" as const }]),
    ],
    [mainValues, comparisonValues],
  );
  const tick = useMemo(
    () => (index: number) => (times[index] === undefined ? "" : formatTick(times[index])),
    [times, formatTick],
  );
  const value = useMemo(() => (count: number) => format.number(count, { notation: "compact" }), [format]);
  const last = times.length - 1;
  const point = selected === undefined ? undefined : Math.min(selected, last);
  const at = point === undefined ? undefined : times[point];

  function move(event: KeyboardEvent) {
    const from = point ?? (event.key === "ArrowLeft" ? last + 1 : -1);
    const steps: Record<string, number | undefined> = {
      ArrowLeft: Math.max(0, from - 1),
      ArrowRight: Math.min(last, from + 1),
      Home: 0,
      End: last,
    };
    const next = steps[event.key];
    if (event.key === "Escape") setSelected(undefined);
    if (next === undefined) return;
    event.preventDefault();
    setSelected(next);
  }

  const readout = (line: ChartLine) => (point === undefined ? undefined : format.number(line.values[point] ?? 0));
  return (
    <figure className="min-w-0">
      <figcaption className="mb-2 flex min-h-6 flex-wrap items-center gap-x-5 gap-y-1 text-sm">
        <Legend line={main} value={readout(main)} swatch="bg-accent" />
        {comparison !== undefined && (
          <Legend
            line={comparison}
            value={readout(comparison)}
            swatch="bg-[repeating-linear-gradient(90deg,var(--line-strong)_0_4px,transparent_4px_7px)]"
          />
        )}
        <span aria-live="polite" className="ml-auto text-ink-soft max-sm:ml-0 max-sm:w-full">
          {at === undefined ? (
            <span className="pointer-coarse:hidden">{m.hint}</span>
          ) : (
            <>
              {formatTime(at)}
              <span className="sr-only">
                {`: ${main.label} ${readout(main)}${comparison === undefined ? "" : `, ${comparison.label} ${readout(comparison)}`}`}
              </span>
            </>
          )}
        </span>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor in it. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset groups inputs; this is a picture. */}
      <div role="group" aria-label={label} aria-describedby={hintId} tabIndex={0} onKeyDown={move} className="rounded-lg">
        <span id={hintId} className="sr-only">
          {m.keys}
        </span>
        <Suspense fallback={<Skeleton className="h-[260px] w-full" />}>
          <Plot lines={lines} formatTick={tick} formatValue={value} selected={point} onSelect={setSelected} />
        </Suspense>
      </div>
      <ValueTable
        label={label}
        times={times}
        lines={comparison === undefined ? [main] : [main, comparison]}
        formatTime={formatTime}
      />
    </figure>
  );
}

function Legend({
  line,
  value,
  swatch,
}: {
  readonly line: ChartLine;
  readonly value: string | undefined;
  readonly swatch: string;
}) {
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className={clsx("h-[3px] w-4 rounded-full", swatch)} />
      <span className="text-ink-soft">{line.label}</span>
      <span className="font-semibold tabular-nums" aria-hidden>
        {value}
      </span>
    </span>
  );
}

/** The same as text. It is made when somebody opens it. */
function ValueTable({
  label,
  times,
  lines,
  formatTime,
}: {
  readonly label: string;
  readonly times: readonly Date[];
  readonly lines: readonly ChartLine[];
  readonly formatTime: (time: Date) => string;
}) {
  const m = useMessages(messages);
  const format = useFormat();
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-2 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer rounded-md py-1 text-ink-soft hover:text-ink">
        {open ? m.hideTable : m.table}
      </summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
        <section aria-label={label} tabIndex={0} className="mt-2 max-h-80 overflow-auto rounded-lg border border-line">
          <table className="w-full border-collapse text-left">
            <thead>
              <tr className="text-xs text-ink-soft">
                <th scope="col" className="sticky top-0 bg-canvas px-3 py-2 font-medium">
                  {m.time}
                </th>
                {lines.map((line) => (
                  <th key={line.label} scope="col" className="sticky top-0 bg-canvas px-3 py-2 text-right font-medium">
                    {line.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time.getTime()} className="border-t border-line">
                  <th scope="row" className="px-3 py-1.5 font-normal">
                    {formatTime(time)}
                  </th>
                  {lines.map((line) => (
                    <td key={line.label} className="px-3 py-1.5 text-right tabular-nums">
                      {format.number(line.values[index] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
