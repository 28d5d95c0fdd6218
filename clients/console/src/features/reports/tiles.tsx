import type { ReactNode } from "react";
import { useFormat, useMessages } from "@/i18n";
import { Card } from "@/ui/card";
import { Skeleton } from "@/ui/state";
import type { Figures } from "./data";
import { messages } from "./messages";
import { Trend } from "./trend";

/** The sums of the period at a glance. */
export function Tiles({ figures }: { readonly figures: Figures | undefined }) {
  const m = useMessages(messages);
  const format = useFormat();
  const now = figures?.totals;
  const before = figures?.totalsBefore;
  const count = (value: number) => format.number(value);
  const percent = (value: number) => format.number(value, { style: "percent", maximumFractionDigits: 1 });
  return (
    <dl className="grid grid-cols-2 gap-3 xl:grid-cols-4">
      <Tile name={m.views} hint={m.viewsText} value={now && count(now.views)}>
        {now && before && <Trend now={now.views} before={before.views} />}
      </Tile>
      <Tile name={m.impressions} hint={m.impressionsText} value={now && count(now.impressions)}>
        {now && before && <Trend now={now.impressions} before={before.impressions} />}
      </Tile>
      <Tile name={m.rate} hint={m.rateText} value={now && (now.impressions === 0 ? "–" : percent(now.views / now.impressions))}>
        {now && before && <Trend now={rate(now)} before={rate(before)} />}
      </Tile>
      <Tile name={m.robots} hint={m.robotsText} value={now && count(now.botViews)}>
        {now && before && <Trend now={now.botViews} before={before.botViews} neutral />}
      </Tile>
    </dl>
  );
}

function rate({ views, impressions }: { readonly views: number; readonly impressions: number }): number {
  return impressions === 0 ? 0 : views / impressions;
}

interface TileProps {
  readonly name: string;
  readonly hint: string;
  /** Undefined while it is being loaded. */
  readonly value: string | undefined;
  readonly children: ReactNode;
}

function Tile({ name, hint, value, children }: TileProps) {
  return (
    <Card className="flex flex-col px-4 py-3.5">
      <dt className="text-sm font-medium">
        {name} <span className="mt-0.5 block text-xs font-normal text-ink-soft">{hint}</span>
      </dt>
      <dd className="mt-auto flex flex-wrap items-baseline justify-between gap-x-3 pt-3">
        {value === undefined ? (
          <Skeleton className="h-8 w-20" />
        ) : (
          <span className="text-2xl font-semibold tracking-tight tabular-nums">{value}</span>
        )}
        {children}
      </dd>
    </Card>
  );
}
