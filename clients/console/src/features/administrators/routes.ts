import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "administrators",
  component: lazyRouteComponent(() => import("./page"), "AdministratorsPage"),
});

export const administratorsRoutes = [page] as const;
