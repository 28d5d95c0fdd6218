/**
 * The path of every page, as the router names it. The build writes them to dist/paths.json, and the server answers 404 to
 * every other path. router.tsx does not compile if a route is missing here.
 */
export const paths = [
  "/",
  "/p/$id",
  "/sign-in",
  "/forgot-password",
  "/setup",
  "/reset-password",
  "/accept-invitation",
  "/confirm-email",
  "/admin",
  "/admin/products",
  "/admin/products/new",
  "/admin/products/$id",
  "/admin/import",
  "/admin/administrators",
  "/admin/api-keys",
  "/admin/security-events",
  "/admin/notifications",
  "/admin/reports",
  "/admin/profile",
] as const;
