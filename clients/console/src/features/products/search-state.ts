import { allOf, compares, isOneOf, quote } from "@/lib/filter";
import { defined, listParam, oneOf, textParam } from "@/lib/search-params";

/** How the table can be sorted: a field, with a minus from high to low. */
export const orders = [
  "name",
  "-name",
  "sku",
  "-sku",
  "brand",
  "-brand",
  "price",
  "-price",
  "create_time",
  "-create_time",
  "update_time",
  "-update_time",
] as const;
export type Order = (typeof orders)[number];

/** What the server does if nobody asks for an order and for words. */
export const defaultOrder: Order = "-create_time";

/** What the address of the table says. */
export interface ProductsSearch {
  /** Words to look for. */
  readonly q?: string;
  readonly brand?: string[];
  readonly tag?: string;
  /** Bounds of the price, as plain decimal text, in `currency` if that is set. */
  readonly min?: string;
  readonly max?: string;
  readonly currency?: string;
  /** Default: the best match for words, or else the newest. */
  readonly sort?: Order;
  /** Also show deleted products. */
  readonly deleted?: "1";
  /** The product that is open for editing. */
  readonly edit?: string;
}

export type ProductsChange = { readonly [K in keyof ProductsSearch]?: ProductsSearch[K] | undefined };

/** A question to ListProducts, without paging. */
export interface ProductsQuery {
  readonly query: string;
  readonly filter: string;
  readonly orderBy: string;
  readonly showDeleted: boolean;
}

/** Reads an address; what it does not understand it leaves out. */
export function validateProductsSearch(params: Record<string, unknown>): ProductsSearch {
  const amount = (value: unknown) => /^[0-9]{1,12}(\.[0-9]{1,4})?$/.exec(textParam(value) ?? "")?.[0];
  return defined({
    q: textParam(params["q"])?.slice(0, 256),
    brand: listParam(params["brand"])?.slice(0, 20),
    tag: textParam(params["tag"]),
    min: amount(params["min"]),
    max: amount(params["max"]),
    currency: /^[A-Z]{3}$/.exec(textParam(params["currency"]) ?? "")?.[0],
    sort: oneOf(orders, params["sort"]),
    deleted: oneOf(["1"], params["deleted"]),
    edit: textParam(params["edit"]),
  });
}

/** Returns what to ask the server for what an address says. */
export function queryOf(search: ProductsSearch): ProductsQuery {
  const filter = allOf(
    isOneOf("brand", search.brand),
    search.tag === undefined ? undefined : `tags:${quote(search.tag)}`,
    isOneOf("currency", search.currency === undefined ? undefined : [search.currency]),
    compares("price", ">=", search.min),
    compares("price", "<=", search.max),
  );
  return { query: search.q ?? "", filter, orderBy: orderBy(search.sort), showDeleted: search.deleted === "1" };
}

/** Returns how many filters are set, beside the words. */
export function filterCount({ brand = [], tag, min, max, currency, deleted }: ProductsSearch): number {
  const price = min !== undefined || max !== undefined || currency !== undefined;
  return brand.length + (tag === undefined ? 0 : 1) + (price ? 1 : 0) + (deleted === undefined ? 0 : 1);
}

/** Returns the order after a click on a column's name: up, down, and back to none. */
export function nextOrder(now: Order | undefined, field: string): Order | undefined {
  const [first, second] = field.endsWith("_time") ? [`-${field}`, field] : [field, `-${field}`];
  const next = now === first ? second : now === second ? undefined : first;
  return orders.find((order) => order === next);
}

function orderBy(order: Order | undefined): string {
  if (order === undefined) return "";
  return order.startsWith("-") ? `${order.slice(1)} desc` : order;
}
