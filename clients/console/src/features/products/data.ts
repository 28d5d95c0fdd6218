import { type InfiniteData, infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import {
  errorMetadata,
  Granularity,
  isReason,
  type ListProductsResponse,
  type Product,
  type ProductChange,
  timestampFromDate,
} from "@zebrands/catalog";
import { catalog } from "@/lib/catalog";
import { asMessage, differences, fieldsIn, type Values } from "@/lib/product/fields";
import { nextHour, type Step, seriesOf, startOfPeriod } from "@/lib/time-series";
import type { ProductsQuery } from "./search-state";

const listsKey = ["products", "list"] as const;
const historiesKey = ["products", "history"] as const;
const productKey = (id: string) => ["products", "one", id] as const;

/** How many rows come at a time. */
const pageSize = 100;

/** So many pages may be read again by themselves; a person who scrolled further asks for it with a button. */
const fewPages = 3;

/** Products page by page. */
export function listOptions(query: ProductsQuery) {
  return infiniteQueryOptions({
    queryKey: [...listsKey, query],
    queryFn: ({ pageParam, signal }) => catalog.products.listProducts({ ...query, pageSize, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    placeholderData: keepPreviousData,
    // Comparing 100,000 products after every page would take longer than reading it.
    structuralSharing: false,
    staleTime: 30_000,
    refetchOnMount: (list) => (list.state.data?.pages.length ?? 0) <= fewPages,
    refetchOnWindowFocus: (list) => (list.state.data?.pages.length ?? 0) <= fewPages,
    refetchOnReconnect: false,
  });
}

/** One product, also a deleted one. */
export function productOptions(id: string) {
  return queryOptions({ queryKey: productKey(id), queryFn: ({ signal }) => catalog.products.get({ id }, { signal }) });
}

/** One product as it is when somebody starts to edit it: it does not change under their hands. */
export function editOptions(id: string) {
  return queryOptions({
    queryKey: ["products", "edit", id],
    queryFn: ({ signal }) => catalog.products.get({ id }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

/** The history of a product, newest first. */
export function historyOptions(id: string) {
  return infiniteQueryOptions({
    queryKey: [...historiesKey, id],
    queryFn: ({ pageParam, signal }) =>
      catalog.products.listProductChanges({ productId: id, pageSize: 30, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
}

/** How often a product was looked at, up to now. Days are the reader's own, so the server is asked for hours. */
export function viewsOptions(id: string, days: number, by: Step) {
  return queryOptions({
    queryKey: ["products", "views", id, days, by],
    queryFn: async ({ signal }) => {
      const now = new Date();
      const [start, end] = [startOfPeriod(days, now), nextHour(now)];
      const range = { startTime: timestampFromDate(start), endTime: timestampFromDate(end), granularity: Granularity.HOUR };
      const answer = await catalog.tracking.queryProductViews({ productId: id, ...range }, { signal });
      return { ...answer, series: seriesOf(answer.points, start, end, by) };
    },
    placeholderData: keepPreviousData,
  });
}

/** Brands whose names contain a text. */
export function brandOptions(query: string) {
  return queryOptions({
    queryKey: ["products", "brands", query],
    queryFn: ({ signal }) => catalog.products.listBrands({ query, pageSize: 100 }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** Yields everything that matches, in large pages. */
export function allMatching(query: ProductsQuery, signal: AbortSignal): AsyncGenerator<ListProductsResponse, void, undefined> {
  return catalog.products.list({ ...query, pageSize: 1000 }, { signal }).pages();
}

/** Returns a product as a list on this page has it, if one does. */
export function listedProduct(client: QueryClient, id: string): Product | undefined {
  for (const [, list] of client.getQueriesData<InfiniteData<ListProductsResponse>>({ queryKey: listsKey })) {
    for (const page of list?.pages ?? []) {
      const product = page.products.find((candidate) => candidate.id === id);
      if (product !== undefined) return product;
    }
  }
  return undefined;
}

/** Shows products as they are now wherever they are shown, without reading a list again: rows stay where they are. */
export function showProducts(client: QueryClient, products: readonly Product[]): void {
  const byId = new Map(products.map((product) => [product.id, product]));
  client.setQueriesData<InfiniteData<ListProductsResponse>>(
    { queryKey: listsKey },
    (list) =>
      list && {
        ...list,
        pages: list.pages.map((page) =>
          page.products.some(({ id }) => byId.has(id))
            ? { ...page, products: page.products.map((product) => byId.get(product.id) ?? product) }
            : page,
        ),
      },
  );
  for (const product of products) client.setQueryData(productKey(product.id), product);
  void client.invalidateQueries({ queryKey: historiesKey });
}

/** Reads lists again from their start. */
export function refreshLists(client: QueryClient): Promise<void> {
  return client.resetQueries({ queryKey: listsKey });
}

/** An edit that lost a race: what is wanted, what the product is now, and who changed it since. */
export interface Conflict {
  readonly base: Product;
  readonly wanted: Partial<Values>;
  readonly current: Product;
  /** Newest first. */
  readonly changes: readonly ProductChange[];
}

/** Asks a person what to save instead. Returns undefined if they would rather save nothing. */
export type Resolve = (conflict: Conflict) => Promise<Partial<Values> | undefined>;

/**
 * Changes a product, unless somebody else did since it was read: then `resolve` says what to save on top of theirs, as often as
 * that takes. Returns the product as it is afterwards, or undefined if the person gave up.
 *
 * @throws ConnectError as UpdateProduct does
 */
export async function saveProduct(base: Product, wanted: Partial<Values>, resolve: Resolve): Promise<Product | undefined> {
  let product = base;
  let changes = differences(base, wanted);
  for (;;) {
    if (fieldsIn(changes).length === 0) return product;
    try {
      return await update(product, changes);
    } catch (error) {
      if (!isReason(error, "ETAG_MISMATCH")) throw error;
    }
    const conflict = await readConflict(product, changes);
    const choice = await resolve(conflict);
    if (choice === undefined) return undefined;
    product = conflict.current;
    changes = differences(product, choice);
  }
}

async function update(product: Product, changes: Partial<Values>): Promise<Product> {
  const updateMask = { paths: fieldsIn(changes) };
  const response = await catalog.products.updateProduct({
    product: { id: product.id, etag: product.etag, ...asMessage(changes) },
    updateMask,
  });
  if (response.product === undefined) throw new Error("the answer holds no product");
  return response.product;
}

async function readConflict(base: Product, wanted: Partial<Values>): Promise<Conflict> {
  const current = await catalog.products.get({ id: base.id });
  const changes: ProductChange[] = [];
  for await (const change of catalog.products.changes({ productId: base.id })) {
    if (change.etag === base.etag || changes.length === 100) break;
    changes.push(change);
  }
  return { base, wanted, current, changes };
}

/** Returns live products by their ids, without those that are gone. */
export async function readProducts(ids: readonly string[]): Promise<Product[]> {
  let wanted = [...ids];
  while (wanted.length > 0) {
    try {
      return (await catalog.products.batchGetProducts({ ids: wanted })).products;
    } catch (error) {
      if (!isReason(error, "PRODUCT_NOT_FOUND")) throw error;
      const missing = new Set<string>(JSON.parse(errorMetadata(error)["missing_ids"] ?? "[]"));
      if (missing.size === 0) throw error;
      wanted = wanted.filter((id) => !missing.has(id));
    }
  }
  return [];
}
