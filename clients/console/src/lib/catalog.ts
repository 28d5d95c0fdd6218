import { AuthService, Code, ConnectError, createCatalog, timestampDate } from "@zebrands/catalog";
import { loadErrorWords } from "./errors";
import { mayHaveSession, SharedTokenStore } from "./session-store";

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
    // Whoever is told of an error finds its words there.
    (next) => (req) =>
      next(req).catch(async (error) => {
        if (!req.signal.aborted) await loadErrorWords();
        throw error;
      }),
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
    .lock(async () => store.get() !== undefined || (mayHaveSession() && (await refreshByCookie())))
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
    if (code !== Code.Unauthenticated) throw error;
    store.set(undefined);
    return false;
  }
}
