import { AuthService, Code, ConnectError, createCatalog, timestampDate } from "@zebrands/catalog";
import { SharedTokenStore } from "./session-store";

const store = new SharedTokenStore("catalog-session");

/** The catalog for whoever is signed in. The storefront does without it: see shop.ts. */
export const catalog = createCatalog({
  baseUrl: location.origin,
  tokenStore: store,
  interceptors: [
    // Asks the server to keep the refresh token in a cookie.
    (next) => (req) => {
      if (req.service.typeName === AuthService.typeName) req.header.set("Catalog-Session", "cookie");
      return next(req);
    },
  ],
});

let resuming: Promise<boolean> | undefined;

/**
 * Takes up the session that the browser's cookie holds, if there is one, and returns whether somebody is signed in.
 *
 * @throws ConnectError if the server cannot be reached
 */
export function resumeSession(): Promise<boolean> {
  resuming ??= store
    .lock(async () => store.get() !== undefined || (await refreshByCookie()))
    .finally(() => {
      resuming = undefined;
    });
  return resuming;
}

async function refreshByCookie(): Promise<boolean> {
  try {
    const { accessToken, refreshToken, expireTime } = await catalog.auth.refreshSession({ refreshToken: "" });
    const refreshTime = expireTime === undefined ? 0 : timestampDate(expireTime).getTime() - 30_000;
    store.set(refreshTime > Date.now() ? { accessToken, refreshToken, refreshTime } : { accessToken, refreshToken });
    return true;
  } catch (error) {
    const { code } = ConnectError.from(error);
    if (code === Code.Unauthenticated || code === Code.InvalidArgument) return false;
    throw error;
  }
}
