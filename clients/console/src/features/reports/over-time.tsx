import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { defined } from "@/lib/search-params";
import type { Step } from "@/lib/time-series";
import { TimeChart } from "@/ui/chart/time-chart";
import { useTimeFormats } from "@/ui/chart/time-formats";
import { Segments } from "@/ui/segments";
import { Skeleton } from "@/ui/state";
import { type Figures, productOptions } from "./data";
import { messages } from "./messages";
import { ProductPicker } from "./product-picker";
import { metrics } from "./search";

const route = getRouteApi("/admin/reports");

/** The chart of all products together, or of one. */
export function OverTime({ figures, by }: { readonly figures: Figures | undefined; readonly by: Step }) {
  const m = useMessages(messages);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { metric = "views", product } = search;
  const name = useQuery({ ...productOptions(product ?? ""), enabled: product !== undefined }).data?.name;
  const { tick, full } = useTimeFormats(by, by === "hour");
  return (
    <section id="over-time" aria-label={m.overTime} className="rounded-xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <header className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h2 className="font-semibold max-sm:w-full">{m.overTime}</h2>
        <div className="flex min-w-0 flex-wrap items-center gap-2">
          <ProductPicker
            value={product}
            onChange={(next) =>
              void navigate({ search: defined({ ...search, product: next }), replace: true, resetScroll: false })
            }
          />
          <Segments
            label={m.metric}
            value={metric}
            choices={metrics.map((value) => ({ value, label: m[value] }))}
            onChange={(next) => void navigate({ search: { ...search, metric: next }, replace: true, resetScroll: false })}
          />
        </div>
      </header>
      {figures === undefined ? (
        <Skeleton className="h-[320px]" />
      ) : (
        <TimeChart
          label={m.chartOf(m[metric], product === undefined ? m.allProducts : (name ?? ""))}
          times={figures.series.times}
          main={{ label: m.thisPeriod, values: figures.series[metric] }}
          comparison={{ label: m.periodBefore, values: figures.before[metric] }}
          formatTick={tick}
          formatTime={full}
        />
      )}
    </section>
  );
}
