/**
 * The catalog in React, on TanStack Query through connect-query. Needs `react`, `react-dom`, `@tanstack/react-query` and
 * `@connectrpc/connect-query` beside this package.
 *
 * @packageDocumentation
 */
import { TransportProvider, useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import type { Catalog } from "./catalog.js";
import { type ListQuery, type ProductKey, productKey } from "./clients.js";
import { type ListProductsRequestSchema, ProductService } from "./gen/catalog/v1/product_pb.js";

export {
  callUnaryMethod,
  createConnectQueryKey,
  createInfiniteQueryOptions,
  createProtobufSafeUpdater,
  createQueryOptions,
  skipToken,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useSuspenseInfiniteQuery,
  useSuspenseQuery,
  useTransport,
} from "@connectrpc/connect-query";

const CatalogContext = createContext<Catalog | undefined>(undefined);

/** Properties of {@link CatalogProvider}. */
export interface CatalogProviderProps {
  readonly catalog: Catalog;
  /** See {@link createQueryClient}. */
  readonly queryClient: QueryClient;
  readonly children?: ReactNode;
}

/**
 * Gives the components below it a catalog.
 *
 * @example
 * ```tsx
 * const catalog = createCatalog({ baseUrl: "https://catalog.example.com" });
 * const queryClient = createQueryClient();
 *
 * root.render(
 *   <CatalogProvider catalog={catalog} queryClient={queryClient}>
 *     <App />
 *   </CatalogProvider>,
 * );
 * ```
 */
export function CatalogProvider({ catalog, queryClient, children }: CatalogProviderProps) {
  return (
    <CatalogContext.Provider value={catalog}>
      <TransportProvider transport={catalog.transport}>
        <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
      </TransportProvider>
    </CatalogContext.Provider>
  );
}

/** Returns a query client that leaves retrying to the catalog's own, which knows what is safe and heeds Retry-After. */
export function createQueryClient(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retry: false } } });
}

/**
 * Returns the catalog of the nearest {@link CatalogProvider}.
 *
 * @throws Error if there is none
 */
export function useCatalog(): Catalog {
  const catalog = useContext(CatalogContext);
  if (catalog === undefined) throw new Error("useCatalog needs a CatalogProvider above it");
  return catalog;
}

/** Returns whether somebody is signed in; undefined until the token store has answered. */
export function useSignedIn(): boolean | undefined {
  const { session } = useCatalog();
  const [signedIn, setSignedIn] = useState<boolean>();
  useEffect(() => {
    let changed = false;
    const unsubscribe = session.onChange((now) => {
      changed = true;
      setSignedIn(now);
    });
    void session.isSignedIn().then((now) => {
      if (!changed) setSignedIn(now);
    });
    return () => {
      changed = true;
      unsubscribe();
    };
  }, [session]);
  return signedIn;
}

/** Fetches one product; its `data` is the answer of GetProduct. */
export function useProduct(key: ProductKey) {
  return useQuery(ProductService.method.getProduct, { key: productKey(key) });
}

/** Fetches products page by page; each of its `data.pages` is an answer of ListProducts. */
export function useProducts(query: ListQuery<typeof ListProductsRequestSchema> = {}) {
  return useInfiniteQuery(
    ProductService.method.listProducts,
    { ...query, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined },
  );
}
