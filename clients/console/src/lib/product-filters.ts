import { allOf, compares, isOneOf, quote } from "./filter";
import { defined, listParam, textParam } from "./search-params";

/** What narrows a list of products, in the storefront and in the console, as the address says it. */
export interface ProductFilters {
  readonly brand?: string[];
  readonly tag?: string;
  /** Bounds of the price, as plain decimal text, in `currency` if that is set. */
  readonly min?: string;
  readonly max?: string;
  readonly currency?: string;
}

/** The price as a whole, for taking it back. */
export const noPrice = { min: undefined, max: undefined, currency: undefined };

/** Reads an address; what it does not understand it leaves out. */
export function readProductFilters(params: Record<string, unknown>): ProductFilters {
  const amount = (value: unknown) => /^[0-9]{1,12}(\.[0-9]{1,4})?$/.exec(textParam(value) ?? "")?.[0];
  return defined({
    brand: listParam(params["brand"])?.slice(0, 20),
    tag: textParam(params["tag"]),
    min: amount(params["min"]),
    max: amount(params["max"]),
    currency: /^[A-Z]{3}$/.exec(textParam(params["currency"]) ?? "")?.[0],
  });
}

/** Returns the filters as an expression for ListProducts; empty if there are none. */
export function filterExpression({ brand, tag, min, max, currency }: ProductFilters): string {
  return allOf(
    isOneOf("brand", brand),
    tag === undefined ? undefined : `tags:${quote(tag)}`,
    isOneOf("currency", currency === undefined ? undefined : [currency]),
    compares("price", ">=", min),
    compares("price", "<=", max),
  );
}

/** Reports whether the price is filtered: its bounds and its currency are one filter to people. */
export function filtersPrice({ min, max, currency }: ProductFilters): boolean {
  return min !== undefined || max !== undefined || currency !== undefined;
}

/** Returns how many filters there are, as a person counts them. */
export function countFilters(filters: ProductFilters): number {
  return (filters.brand ?? []).length + (filters.tag === undefined ? 0 : 1) + (filtersPrice(filters) ? 1 : 0);
}
