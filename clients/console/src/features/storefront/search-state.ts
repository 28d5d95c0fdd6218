import { allOf, compares, isOneOf, quote } from "@/lib/filter";
import { defined, listParam, oneOf, textParam } from "@/lib/search-params";
import type { ShopQuery } from "@/lib/shop";

export const orders = ["newest", "price", "-price", "name"] as const;
export type Order = (typeof orders)[number];

/** What the storefront's address says about the list. */
export interface ShopSearch {
  /** Words to look for. */
  readonly q?: string;
  readonly brand?: string[];
  readonly tag?: string;
  /** Bounds of the price, as plain decimal text, in `currency`. */
  readonly min?: string;
  readonly max?: string;
  readonly currency?: string;
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
  const amount = (value: unknown) => /^[0-9]{1,12}(\.[0-9]{1,4})?$/.exec(textParam(value) ?? "")?.[0];
  return defined({
    q: textParam(params["q"])?.slice(0, 256),
    brand: listParam(params["brand"])?.slice(0, 20),
    tag: textParam(params["tag"]),
    min: amount(params["min"]),
    max: amount(params["max"]),
    currency: /^[A-Z]{3}$/.exec(textParam(params["currency"]) ?? "")?.[0],
    sort: oneOf(orders, params["sort"]),
  });
}

/** Returns what to ask the server for what an address says. */
export function queryOf(search: ShopSearch): ShopQuery {
  const filter = allOf(
    isOneOf("brand", search.brand),
    search.tag === undefined ? undefined : `tags:${quote(search.tag)}`,
    isOneOf("currency", search.currency === undefined ? undefined : [search.currency]),
    compares("price", ">=", search.min),
    compares("price", "<=", search.max),
  );
  return defined({
    query: search.q,
    filter: filter === "" ? undefined : filter,
    orderBy: search.sort === undefined ? undefined : orderBy[search.sort],
  });
}

/** Returns how many filters are set, beside the words. */
export function filterCount({ brand = [], tag, min, max, currency }: ShopSearch): number {
  const price = min !== undefined || max !== undefined || currency !== undefined;
  return brand.length + (tag === undefined ? 0 : 1) + (price ? 1 : 0);
}
