import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "api-keys",
  component: lazyRouteComponent(() => import("./page"), "ApiKeysPage"),
});

export const apiKeysRoutes = [page] as const;
