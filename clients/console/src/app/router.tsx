import { createRouter } from "@tanstack/react-router";
import { administratorsRoutes } from "@/features/administrators/routes";
import { apiKeysRoutes } from "@/features/api-keys/routes";
import { authRoutes } from "@/features/auth/routes";
import { importRoutes } from "@/features/import/routes";
import { notificationsRoutes } from "@/features/notifications/routes";
import { productsRoutes } from "@/features/products/routes";
import { profileRoutes } from "@/features/profile/routes";
import { reportsRoutes } from "@/features/reports/routes";
import { securityEventsRoutes } from "@/features/security-events/routes";
import { storefrontRoutes } from "@/features/storefront/routes";
import { parseSearch, stringifySearch } from "@/lib/search-params";
import { accountRoute } from "./account/route";
import { adminIndexRoute, adminRoute } from "./admin/route";
import type { paths } from "./paths";
import { rootRoute } from "./root-route";
import { RouteError } from "./route-states";
import { shopRoute } from "./shop/route";

const routeTree = rootRoute.addChildren([
  shopRoute.addChildren(storefrontRoutes),
  accountRoute.addChildren(authRoutes),
  adminRoute.addChildren([
    adminIndexRoute,
    ...productsRoutes,
    ...importRoutes,
    ...administratorsRoutes,
    ...apiKeysRoutes,
    ...securityEventsRoutes,
    ...notificationsRoutes,
    ...reportsRoutes,
    ...profileRoutes,
  ]),
]);

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  // What no page understands, such as an order of the past, is left out instead of asked for.
  search: { strict: true },
  scrollRestoration: true,
  defaultErrorComponent: RouteError,
  // The code of a page, not its data: a product that nobody opened must not count as viewed.
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** `true` if both lists of paths are the same; else the paths that only one of them has. */
type SamePaths<A, B> = [A] extends [B] ? ([B] extends [A] ? true : Exclude<B, A>) : Exclude<A, B>;
true satisfies SamePaths<Exclude<keyof typeof router.routesByPath, "/admin/">, (typeof paths)[number]>;
