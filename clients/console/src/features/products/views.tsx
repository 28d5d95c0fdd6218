import { useQuery } from "@tanstack/react-query";
import { EyeOff } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Section } from "@/ui/card";
import { TimeChart } from "@/ui/chart/time-chart";
import { useTimeFormats } from "@/ui/chart/time-formats";
import { Select } from "@/ui/field";
import { ErrorState, Skeleton } from "@/ui/state";
import { viewsOptions } from "./data";
import { messages } from "./messages";
import { type Granularity, granularities, type ProductSearch, type Range, ranges } from "./product-search";

interface ViewsProps {
  readonly id: string;
  readonly search: ProductSearch;
  readonly onChange: (change: Pick<ProductSearch, "days" | "by">) => void;
}

/** How often anonymous visitors looked at a product, over time. */
export function Views({ id, search, onChange }: ViewsProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const days: Range = search.days ?? "30";
  const by: Granularity = search.by ?? (days === "1" ? "hour" : "day");
  const views = useQuery(viewsOptions(id, Number(days), by));
  const { tick, full } = useTimeFormats(by, by === "hour" && days === "1");
  const names: Record<Granularity, string> = { hour: m.hour, day: m.day };

  return (
    <Section
      title={m.views}
      description={m.viewsText}
      actions={
        <div className="flex gap-2">
          <div className="w-32">
            <Select
              aria-label={m.range}
              value={days}
              onChange={(event) => onChange({ days: ranges.find((range) => range === event.target.value) ?? "30" })}
            >
              {ranges.map((range) => (
                <option key={range} value={range}>
                  {range === "1" ? m.last24 : m.lastDays(format.number(Number(range)))}
                </option>
              ))}
            </Select>
          </div>
          <div className="w-32">
            <Select
              aria-label={m.granularity}
              value={by}
              onChange={(event) => onChange({ by: granularities.find((item) => item === event.target.value) ?? "day" })}
            >
              {granularities.map((item) => (
                <option key={item} value={item}>
                  {names[item]}
                </option>
              ))}
            </Select>
          </div>
        </div>
      }
    >
      {views.isError ? (
        <ErrorState message={describe(views.error)} onRetry={() => void views.refetch()} />
      ) : views.data === undefined ? (
        <Skeleton className="h-80 w-full" />
      ) : (
        <>
          <dl className="mb-4 flex flex-wrap gap-x-8 gap-y-2">
            <Total name={m.views} value={views.data.totalViews} />
            <Total name={m.impressions} value={views.data.totalImpressions} />
            <Total name={m.bots} value={views.data.totalBotViews} note={m.botsText} />
          </dl>
          {views.data.totalViews === 0n ? (
            <div className="grid h-48 place-items-center rounded-xl bg-sunken text-sm text-ink-soft">
              <span className="inline-flex items-center gap-2">
                <EyeOff className="size-4" aria-hidden />
                {m.noViews}
              </span>
            </div>
          ) : (
            <TimeChart
              label={m.views}
              times={views.data.series.times}
              main={{ label: m.views, values: views.data.series.views }}
              formatTick={tick}
              formatTime={full}
            />
          )}
        </>
      )}
    </Section>
  );
}

function Total({ name, value, note }: { readonly name: string; readonly value: bigint; readonly note?: string }) {
  const format = useFormat();
  return (
    <div>
      <dt className="text-xs text-ink-soft">
        {name}
        {note !== undefined && ` · ${note}`}
      </dt>
      <dd className="text-xl font-semibold tracking-tight tabular-nums">{format.number(value)}</dd>
    </div>
  );
}
