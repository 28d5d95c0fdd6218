import { maxLengths } from "@/lib/limits";
import { countFilters, filterExpression, type ProductFilters, readProductFilters } from "@/lib/product-filters";
import { defined, oneOf, textParam } from "@/lib/search-params";

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
export interface ProductsSearch extends ProductFilters {
  /** Words to look for. */
  readonly q?: string;
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
  return defined({
    q: textParam(params["q"])?.slice(0, maxLengths.query),
    ...readProductFilters(params),
    sort: oneOf(orders, params["sort"]),
    deleted: oneOf(["1"], params["deleted"]),
    edit: textParam(params["edit"]),
  });
}

/** Returns what to ask the server for what an address says. */
export function queryOf(search: ProductsSearch): ProductsQuery {
  const filter = filterExpression(search);
  return { query: search.q ?? "", filter, orderBy: orderBy(search.sort), showDeleted: search.deleted === "1" };
}

/** Returns how many filters are set, beside the words. */
export function filterCount(search: ProductsSearch): number {
  return countFilters(search) + (search.deleted === undefined ? 0 : 1);
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
