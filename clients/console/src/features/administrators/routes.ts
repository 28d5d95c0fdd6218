import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";
import { defined, oneOf } from "@/lib/search-params";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "administrators",
  validateSearch: (params: Record<string, unknown>): { deleted?: "1" } => defined({ deleted: oneOf(["1"], params["deleted"]) }),
  component: lazyRouteComponent(() => import("./page"), "AdministratorsPage"),
});

export const administratorsRoutes = [page] as const;
