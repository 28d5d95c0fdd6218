import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "reports",
  component: lazyRouteComponent(() => import("./page"), "ReportsPage"),
});

export const reportsRoutes = [page] as const;
