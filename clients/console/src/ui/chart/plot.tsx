import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { usePreferences } from "@/lib/preferences";

export interface PlotProps {
  /** One line each; the later ones lie above. The same number of values in all. */
  readonly lines: readonly { readonly values: readonly number[]; readonly kind: "main" | "comparison" }[];
  readonly formatTick: (index: number) => string;
  readonly formatValue: (value: number) => string;
  /** The point that is looked at. */
  readonly selected: number | undefined;
  readonly onSelect: (index: number | undefined) => void;
}

const height = 260;

/** How many pixels a label of the time axis needs. */
const tickWidth = 84;

/** Lines on a canvas. It says nothing to screen readers: whoever shows it gives them the values. */
export default function Plot({ lines, formatTick, formatValue, selected, onSelect }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef({ formatTick, formatValue, onSelect });
  useEffect(() => {
    latest.current = { formatTick, formatValue, onSelect };
  });

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const size = () => ({ width: Math.max(element.clientWidth, 200), height });
    const data = [(lines[0]?.values ?? []).map((_, index) => index), ...lines.map(({ values }) => [...values])];
    const created = new uPlot(
      { ...size(), ...optionsOf(lines, element, () => latest.current) },
      data as unknown as uPlot.AlignedData,
      element,
    );
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize(size()));
    observer.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => created.redraw(false);
    scheme.addEventListener("change", redraw);
    return () => {
      scheme.removeEventListener("change", redraw);
      observer.disconnect();
      created.destroy();
      plot.current = undefined;
    };
  }, [lines]);

  const { theme } = usePreferences();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours and labels that are drawn depend on it.
  useEffect(() => plot.current?.redraw(false), [theme, formatTick, formatValue]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new plot has no cursor yet.
  useEffect(() => {
    const current = plot.current;
    const left = selected === undefined ? -10 : (current?.valToPos(selected, "x") ?? -10);
    if (current !== undefined && current.cursor.idx !== (selected ?? null))
      current.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
  }, [selected, lines]);

  return <div ref={holder} aria-hidden className="h-[260px] w-full [&_.u-cursor-x]:border-line-strong!" />;
}

interface Callbacks extends Pick<PlotProps, "formatTick" | "formatValue" | "onSelect"> {}

function optionsOf(
  lines: PlotProps["lines"],
  element: HTMLElement,
  callbacks: () => Callbacks,
): Omit<uPlot.Options, "width" | "height"> {
  const grid = { stroke: colour(element, "--line"), width: 1 };
  const axis = {
    stroke: colour(element, "--ink-soft"),
    font: `12px ${getComputedStyle(element).fontFamily}`,
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    padding: [12, 20, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    hooks: { setCursor: [(plot) => callbacks().onSelect(plot.cursor.idx ?? undefined)] },
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(4, max * 1.08)] } },
    series: [
      {},
      ...lines.map(({ kind }) =>
        kind === "main"
          ? { stroke: colour(element, "--accent"), fill: colour(element, "--accent-soft"), width: 2, points: { show: false } }
          : { stroke: colour(element, "--line-strong"), dash: [4, 4], width: 1.5, points: { show: false } },
      ),
    ],
    axes: [
      {
        ...axis,
        size: 32,
        grid: { show: false },
        splits: (plot) => ticks(plot.data[0].length, plot.bbox.width / devicePixelRatio),
        values: (_, splits) => splits.map((index) => callbacks().formatTick(index)),
      },
      {
        ...axis,
        grid,
        size: 52,
        incrs: wholeSteps,
        values: (_, splits) => splits.map((value) => callbacks().formatValue(value)),
      },
    ],
  };
}

/** Steps between the labels of counts: 1, 2, 5, 10, 20, 50 … */
const wholeSteps = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** Returns which points get a label, so that none overlap. */
function ticks(count: number, width: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, Math.floor(width / tickWidth))));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

/** Returns a function that returns a colour as it is now, in light or dark: a canvas does not know custom properties. */
function colour(element: HTMLElement, name: string): () => string {
  return () => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
}
