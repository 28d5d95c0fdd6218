import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoute } from "@/app/admin/route";

const page = createRoute({
  getParentRoute: () => adminRoute,
  path: "import",
  component: lazyRouteComponent(() => import("./page"), "ImportPage"),
});

export const importRoutes = [page] as const;
