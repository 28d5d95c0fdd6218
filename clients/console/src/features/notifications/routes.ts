import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";
import { validateNotificationsSearch } from "./search";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "notifications",
  validateSearch: validateNotificationsSearch,
  component: lazyRouteComponent(() => import("./page"), "NotificationsPage"),
});

export const notificationsRoutes = [page] as const;
