/** Where the console starts. */
const home = "/admin/products";

/** Stands for our own: only the path matters. */
const origin = "https://catalog.invalid";

/** Returns a path of the console that somebody asked for before signing in, or its start: never another site's address. */
export function safeReturnTo(path: string | undefined): string {
  if (path === undefined || !path.startsWith("/admin")) return home;
  const url = new URL(path, origin);
  const inside = url.origin === origin && (url.pathname === "/admin" || url.pathname.startsWith("/admin/"));
  return inside ? url.pathname + url.search + url.hash : home;
}
