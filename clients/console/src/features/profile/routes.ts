import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "profile",
  component: lazyRouteComponent(() => import("./page"), "ProfilePage"),
});

export const profileRoutes = [page] as const;
