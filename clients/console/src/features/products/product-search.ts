import { defined, oneOf } from "@/lib/search-params";

/** Over how many days views are shown. */
export const ranges = ["1", "7", "30", "90"] as const;
export type Range = (typeof ranges)[number];

export const granularities = ["hour", "day"] as const;
export type Granularity = (typeof granularities)[number];

/** What the address of a product's page says. */
export interface ProductSearch {
  /** Default: 30 days. */
  readonly days?: Range;
  /** The length of a point in the chart. Default: an hour for one day, else a day. */
  readonly by?: Granularity;
  /** The product is open for editing. */
  readonly edit?: "1";
}

/** Reads an address; what it does not understand it leaves out. */
export function validateProductSearch(params: Record<string, unknown>): ProductSearch {
  return defined({
    days: oneOf(ranges, params["days"]),
    by: oneOf(granularities, params["by"]),
    edit: oneOf(["1"], params["edit"]),
  });
}
