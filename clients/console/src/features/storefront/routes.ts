import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shopRoute } from "@/app/shop/route";
import { ProductListPage } from "./list-page";
import { validateShopSearch } from "./search-state";

const list = createRoute({
  getParentRoute: () => shopRoute,
  path: "/",
  validateSearch: validateShopSearch,
  // Not lazy: it is what most people open first.
  component: ProductListPage,
});

const product = createRoute({
  getParentRoute: () => shopRoute,
  path: "p/$id",
  component: lazyRouteComponent(() => import("./product-page"), "ProductPage"),
});

export const storefrontRoutes = [list, product] as const;
