import { maxLengths } from "@/lib/limits";
import { filterExpression, type ProductFilters, readProductFilters } from "@/lib/product-filters";
import { defined, oneOf, textParam } from "@/lib/search-params";
import type { ShopQuery } from "@/lib/shop";

export const orders = ["newest", "price", "-price", "name"] as const;
export type Order = (typeof orders)[number];

/** What the storefront's address says about the list. */
export interface ShopSearch extends ProductFilters {
  /** Words to look for. */
  readonly q?: string;
  /** Default: the best match for words, or else the newest. */
  readonly sort?: Order;
}

const orderBy: Record<Order, string> = {
  newest: "create_time desc",
  price: "price",
  "-price": "price desc",
  name: "name",
};

/** Reads an address; what it does not understand it leaves out. */
export function validateShopSearch(params: Record<string, unknown>): ShopSearch {
  return defined({
    q: textParam(params["q"])?.slice(0, maxLengths.query),
    ...readProductFilters(params),
    sort: oneOf(orders, params["sort"]),
  });
}

/** Returns what to ask the server for what an address says. */
export function queryOf(search: ShopSearch): ShopQuery {
  const filter = filterExpression(search);
  return defined({
    query: search.q,
    filter: filter === "" ? undefined : filter,
    orderBy: search.sort === undefined ? undefined : orderBy[search.sort],
  });
}
