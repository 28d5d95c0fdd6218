import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type ShopQuery, shop } from "@/lib/shop";

// Every read is counted as somebody's look at a product: none happens unless a person asked for it.
const onlyWhenAsked = { staleTime: 5 * 60_000, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;

/** Products page by page. */
export function productListOptions(query: ShopQuery) {
  return infiniteQueryOptions({
    ...onlyWhenAsked,
    queryKey: ["shop", "list", query],
    queryFn: ({ pageParam, signal }) => shop.list({ ...query, pageSize: 24, pageToken: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    placeholderData: keepPreviousData,
  });
}

/** One product. */
export function productOptions(id: string) {
  return queryOptions({ ...onlyWhenAsked, queryKey: ["shop", "product", id], queryFn: ({ signal }) => shop.get(id, signal) });
}

/** Brands whose names contain a text. */
export function brandOptions(query: string) {
  return queryOptions({
    ...onlyWhenAsked,
    queryKey: ["shop", "brands", query],
    queryFn: ({ signal }) => shop.brands(query, signal),
    placeholderData: keepPreviousData,
  });
}
