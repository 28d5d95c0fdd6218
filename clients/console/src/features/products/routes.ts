import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const list = createRoute({
  getParentRoute: () => adminRoute,
  path: "products",
  component: lazyRouteComponent(() => import("./list-page"), "ProductsPage"),
});

export const productsRoutes = [list] as const;
