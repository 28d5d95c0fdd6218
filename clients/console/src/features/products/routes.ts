import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";
import { validateProductSearch } from "./product-search";
import { validateProductsSearch } from "./search-state";

const list = createRoute({
  getParentRoute: () => adminRoute,
  path: "products",
  validateSearch: validateProductsSearch,
  component: lazyRouteComponent(() => import("./list-page"), "ProductsPage"),
});

const create = createRoute({
  getParentRoute: () => adminRoute,
  path: "products/new",
  component: lazyRouteComponent(() => import("./new-page"), "NewProductPage"),
});

const product = createRoute({
  getParentRoute: () => adminRoute,
  path: "products/$id",
  validateSearch: validateProductSearch,
  component: lazyRouteComponent(() => import("./product-page"), "ProductPage"),
});

export const productsRoutes = [list, create, product] as const;
