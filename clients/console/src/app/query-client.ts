import { QueryClient } from "@tanstack/react-query";
import { ShopError } from "@/lib/shop";

/** The cache of everything that pages read. The client package retries by itself; the storefront's reader does not. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => error instanceof ShopError && error.temporary && failures < 3,
    },
    mutations: { retry: false },
  },
});
