import { defined, oneOf, textParam } from "@/lib/search-params";

export const periods = ["24h", "7d", "30d", "90d", "12m"] as const;
export type Period = (typeof periods)[number];

export const metrics = ["views", "impressions"] as const;
export type Metric = (typeof metrics)[number];

/** What the address of the page says. */
export interface ReportsSearch {
  /** Default: 30d. */
  readonly period?: Period;
  /** What the chart shows. Default: views. */
  readonly metric?: Metric;
  /** The id of the product whose figures are shown over time. Default: all together. */
  readonly product?: string;
}

/** Reads an address; what it does not understand it leaves out. */
export function validateReportsSearch(params: Record<string, unknown>): ReportsSearch {
  return defined({
    period: oneOf(periods, params["period"]),
    metric: oneOf(metrics, params["metric"]),
    product: /^[0-9a-f-]{36}$/.exec(textParam(params["product"]) ?? "")?.[0],
  });
}
