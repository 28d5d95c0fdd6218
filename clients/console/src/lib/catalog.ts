import { AuthService, createCatalog } from "@zebrands/catalog";
import { loadErrorWords } from "./errors";
import { askForProof } from "./proof";
import { mayHaveSession, SharedTokenStore } from "./session-store";

const store = new SharedTokenStore("catalog-session");

/** The catalog for whoever is signed in. The storefront does without it: see shop.ts. */
export const catalog = createCatalog({
  baseUrl: location.origin,
  tokenStore: store,
  // Whatever changes who can sign in goes on after the dialog, wherever it was called.
  onReauthenticationRequired: askForProof,
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

/**
 * Takes up the session that the browser's cookie holds, if there is one, and returns whether somebody is signed in.
 *
 * @throws ConnectError if the server cannot be reached
 */
export async function resumeSession(): Promise<boolean> {
  return store.get() !== undefined || (mayHaveSession() && (await catalog.session.resume()));
}
