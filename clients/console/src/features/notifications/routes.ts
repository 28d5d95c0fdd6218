import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "notifications",
  component: lazyRouteComponent(() => import("./page"), "NotificationsPage"),
});

export const notificationsRoutes = [page] as const;
