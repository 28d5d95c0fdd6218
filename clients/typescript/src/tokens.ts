/** The tokens of a session. Plain data, so that a store can keep it as JSON. */
export interface Tokens {
  /** Goes with every call; lasts minutes. */
  readonly accessToken: string;
  /** Gives a new pair, once. */
  readonly refreshToken: string;
  /**
   * When to get a new pair ahead of time, in milliseconds of this machine's clock. Not set if that clock is too far off to
   * tell: then a new pair is fetched when the server calls the access token expired.
   */
  readonly refreshTime?: number;
}

/**
 * Keeps a session's tokens. A store that more than one page or process shares must also offer {@link TokenStore.lock}:
 * using a refresh token twice ends the session.
 */
export interface TokenStore {
  /** Returns the tokens, or undefined if nobody is signed in. */
  get(): Tokens | undefined | Promise<Tokens | undefined>;
  /** Replaces the tokens; undefined removes them. */
  set(tokens: Tokens | undefined): void | Promise<void>;
  /** Runs work while no other user of the same tokens runs theirs. */
  lock?<T>(work: () => Promise<T>): Promise<T>;
  /** Calls the listener when somebody else changed the tokens; returns a function that ends this. */
  subscribe?(listener: () => void): () => void;
}

/** Returns a store that forgets when the page or process ends. The default, and out of reach of injected scripts' storage reads. */
export function memoryTokenStore(): TokenStore {
  let tokens: Tokens | undefined;
  return {
    get: () => tokens,
    set: (next) => {
      tokens = next;
    },
  };
}

/**
 * Returns a store on `localStorage` or `sessionStorage`. Pages of one origin share it: one of them refreshes at a time, and
 * signing out in one signs out all. Every script on the page can read it, so only use it where you trust them all.
 *
 * @param storage - `localStorage` or `sessionStorage`
 * @param key - the entry's name
 */
export function webStorageTokenStore(storage: Storage, key = "zebrands-catalog-session"): TokenStore {
  return {
    get: () => readTokens(storage.getItem(key)),
    set: (tokens) => {
      if (tokens === undefined) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify(tokens));
    },
    lock: (work) =>
      // Only secure pages have locks. Elsewhere two pages that refresh in the same moment end the session.
      globalThis.navigator?.locks === undefined ? work() : navigator.locks.request(key, work),
    subscribe: (listener) => {
      const onStorage = (event: StorageEvent) => {
        if (event.storageArea === storage && (event.key === key || event.key === null)) listener();
      };
      globalThis.addEventListener("storage", onStorage);
      return () => globalThis.removeEventListener("storage", onStorage);
    },
  };
}

function readTokens(text: string | null): Tokens | undefined {
  if (text === null) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Tokens> | null;
    const valid = typeof value?.accessToken === "string" && typeof value.refreshToken === "string";
    return valid ? (value as Tokens) : undefined;
  } catch {
    return undefined; // somebody else's entry
  }
}
