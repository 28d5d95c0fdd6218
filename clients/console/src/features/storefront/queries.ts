import { type InfiniteData, infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { type ShopProduct, type ShopQuery, shop } from "@/lib/shop";

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

/** Returns the products of every list that was shown and is still in memory. */
export function listedProducts(client: QueryClient): ShopProduct[] {
  const lists = client.getQueriesData<InfiniteData<{ products: ShopProduct[] }>>({ queryKey: ["shop", "list"] });
  return lists.flatMap(([, list]) => list?.pages.flatMap((page) => page.products) ?? []);
}

/** One product. */
export function productOptions(id: string) {
  return queryOptions({ ...onlyWhenAsked, queryKey: ["shop", "product", id], queryFn: ({ signal }) => shop.get(id, signal) });
}

/** Brands whose names contain a text: those with the most products first, or by name if there are more than one answer holds. */
export function brandOptions(query: string) {
  return queryOptions({
    ...onlyWhenAsked,
    queryKey: ["shop", "brands", query],
    queryFn: async ({ signal }) => {
      const { brands, nextPageToken } = await shop.brands(query, signal);
      return nextPageToken === "" ? brands.sort((a, b) => b.productCount - a.productCount) : brands;
    },
    placeholderData: keepPreviousData,
  });
}
