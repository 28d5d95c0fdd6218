import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";
import { validateEventsSearch } from "./search";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "security-events",
  validateSearch: validateEventsSearch,
  component: lazyRouteComponent(() => import("./page"), "SecurityEventsPage"),
});

export const securityEventsRoutes = [page] as const;
