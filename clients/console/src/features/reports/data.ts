import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { Granularity, timestampFromDate } from "@zebrands/catalog";
import { catalog } from "@/lib/catalog";
import { type HourPoint, type Series, type Step, seriesOf } from "@/lib/time-series";
import { spanOf } from "./period";
import type { Period } from "./search";

/** How often figures are read again, in milliseconds. */
const pollInterval = 30_000;

/** How many products a ranking shows, and how many a file holds. */
export const shownTop = 50;
export const savedTop = 1000;

/** Sums of a period. */
export interface Totals {
  readonly views: number;
  readonly impressions: number;
  readonly botViews: number;
}

/** Figures over time, beside those of the period before. */
export interface Figures {
  readonly series: Series;
  readonly before: Series;
  readonly totals: Totals;
  readonly totalsBefore: Totals;
  /** What a point of the series is. */
  readonly by: Step;
  /** When the server was asked. */
  readonly asOf: Date;
  /** When reads were last added; undefined for one product, and before the first. */
  readonly lastUpdate: { readonly seconds: bigint; readonly nanos: number } | undefined;
}

interface Answer {
  readonly points: readonly HourPoint[];
  readonly totalViews: bigint;
  readonly totalImpressions: bigint;
  readonly totalBotViews: bigint;
  readonly lastUpdateTime?: Figures["lastUpdate"];
}

/** The figures of the catalog, or of one product. */
export function figuresOptions(period: Period, product?: string) {
  return queryOptions({
    queryKey: ["reports", "figures", period, product ?? "all"],
    queryFn: async ({ signal }): Promise<Figures> => {
      const asOf = new Date();
      const { start, end, before, by } = spanOf(period, asOf);
      const ask = (from: Date, to: Date): Promise<Answer> => {
        const range = { startTime: timestampFromDate(from), endTime: timestampFromDate(to), granularity: Granularity.HOUR };
        return product === undefined
          ? catalog.tracking.queryCatalogViews(range, { signal })
          : catalog.tracking.queryProductViews({ ...range, productId: product }, { signal });
      };
      const [now, then] = await Promise.all([ask(start, end), ask(before.start, before.end)]);
      return {
        series: seriesOf(now.points, start, end, by),
        before: seriesOf(then.points, before.start, before.end, by),
        totals: totalsOf(now),
        totalsBefore: totalsOf(then),
        by,
        asOf,
        lastUpdate: now.lastUpdateTime,
      };
    },
    placeholderData: keepPreviousData,
    refetchInterval: pollInterval,
  });
}

function totalsOf({ totalViews, totalImpressions, totalBotViews }: Answer): Totals {
  return { views: Number(totalViews), impressions: Number(totalImpressions), botViews: Number(totalBotViews) };
}

/** A range of time as requests have it. */
export function rangeOf(period: Period) {
  const { start, end } = spanOf(period, new Date());
  return { startTime: timestampFromDate(start), endTime: timestampFromDate(end) };
}

/** Reads the products with the most views. */
export async function readTop(period: Period, pageSize: number, signal?: AbortSignal) {
  return (await catalog.tracking.listTopProducts({ ...rangeOf(period), pageSize }, signal && { signal })).entries;
}

/** The products with the most views. */
export function topOptions(period: Period) {
  return queryOptions({
    queryKey: ["reports", "top", period],
    queryFn: ({ signal }) => readTop(period, shownTop, signal),
    placeholderData: keepPreviousData,
    refetchInterval: pollInterval,
  });
}

/** The products without a view, page by page. All pages are about the same range, though time goes on. */
export function unviewedOptions(period: Period) {
  return infiniteQueryOptions({
    queryKey: ["reports", "unviewed", period],
    queryFn: async ({ pageParam: { range, pageToken }, signal }) => ({
      range,
      page: await catalog.tracking.listUnviewedProducts({ ...range, pageToken, pageSize: 10 }, { signal }),
    }),
    initialPageParam: { range: rangeOf(period), pageToken: "" },
    getNextPageParam: ({ range, page }) => (page.nextPageToken === "" ? undefined : { range, pageToken: page.nextPageToken }),
    placeholderData: keepPreviousData,
  });
}

/** The products that match words, for choosing one. */
export function productChoiceOptions(query: string) {
  return queryOptions({
    queryKey: ["reports", "choice", query],
    queryFn: async ({ signal }) => (await catalog.products.listProducts({ query, pageSize: 8 }, { signal })).products,
    placeholderData: keepPreviousData,
  });
}

/** One product, also a deleted one. */
export function productOptions(id: string) {
  return queryOptions({
    queryKey: ["reports", "product", id],
    queryFn: ({ signal }) => catalog.products.get({ id }, { signal }),
    staleTime: 60_000,
  });
}
