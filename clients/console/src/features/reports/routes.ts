import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";
import { validateReportsSearch } from "./search";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "reports",
  validateSearch: validateReportsSearch,
  component: lazyRouteComponent(() => import("./page"), "ReportsPage"),
});

export const reportsRoutes = [page] as const;
