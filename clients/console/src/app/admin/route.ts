import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { rootRoute } from "../root-route";

/** Everything that only administrators see. Who is not signed in goes to the sign-in page, and comes back after it. */
export const adminRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "admin",
  beforeLoad: async ({ location }) => {
    const { resumeSession } = await import("@/lib/catalog");
    if (!(await resumeSession())) throw redirect({ to: "/sign-in", search: { to: location.href }, replace: true });
  },
  component: lazyRouteComponent(() => import("./layout"), "AdminLayout"),
});

export const adminIndexRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/admin/products", replace: true });
  },
});
