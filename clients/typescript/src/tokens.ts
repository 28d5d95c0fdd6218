import { committed, openDatabase, settled } from "./indexed-db.js";
import { lockPages } from "./page-lock.js";

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
 * Why nobody is signed in any more:
 *
 * - `SIGNED_OUT`: somebody signed out here.
 * - `SIGNED_OUT_ELSEWHERE`: somebody signed out in another page or process that shares the token store.
 * - `SESSION_ENDED`: the session was revoked, its password was changed, or its administrator was disabled or deleted.
 * - `REFRESH_TOKEN_INVALID`: the session has expired, or ended while nobody made a call.
 * - `REFRESH_TOKEN_REUSED`: an old refresh token was used again, so the server ended the session: perhaps somebody copied it.
 */
export type SignOutReason =
  | "SIGNED_OUT"
  | "SIGNED_OUT_ELSEWHERE"
  | "SESSION_ENDED"
  | "REFRESH_TOKEN_INVALID"
  | "REFRESH_TOKEN_REUSED";

/**
 * Keeps a session's tokens. A store that more than one page or process shares must also offer {@link TokenStore.lock}:
 * using a refresh token again, later than 10 seconds after it was used or once its successor was, ends the session.
 */
export interface TokenStore {
  /** Returns the tokens, or undefined if nobody is signed in. */
  get(): Tokens | undefined | Promise<Tokens | undefined>;
  /** Replaces the tokens; undefined removes them, for a reason that others who share the store may be told. */
  set(tokens: Tokens | undefined, reason?: SignOutReason): void | Promise<void>;
  /** Runs work while no other user of the same tokens runs theirs. */
  lock?<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Calls the listener when somebody else changed the tokens, with the reason if they removed them and gave one; returns a function
   * that ends this.
   */
  subscribe?(listener: (reason?: SignOutReason) => void): () => void;
}

/** Returns a store that forgets when the page or process ends. The default. */
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
 * Returns a store that outlives the page and that all pages of one origin share: one of them refreshes at a time, and signing out
 * in one signs out all. Every script on the page can read it, so only use it where you trust them all.
 *
 * It is on IndexedDB, because a page may see what another one wrote to localStorage too late, and would use a refresh token twice.
 *
 * @param name - of the database, the lock and the channel; a page with two catalogs needs two
 */
export function browserTokenStore(name = "zebrands-catalog-session"): TokenStore {
  let database: Promise<IDBDatabase> | undefined;
  let channel: BroadcastChannel | undefined;
  const open = () => {
    database ??= openDatabase(name, objectStore);
    return database;
  };
  const others = () => {
    channel ??= new BroadcastChannel(name);
    return channel;
  };
  return {
    get: async () => {
      const entry: IDBRequest<Tokens | undefined> = (await open()).transaction(objectStore).objectStore(objectStore).get(key);
      await settled(entry);
      return entry.result;
    },
    set: async (tokens, reason) => {
      const transaction = (await open()).transaction(objectStore, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(objectStore);
      if (tokens === undefined) store.delete(key);
      else store.put(tokens, key);
      await committed(transaction);
      others().postMessage(reason);
    },
    lock: (work) => lockPages(name, work),
    subscribe: (listener) => {
      const tell = (event: MessageEvent<SignOutReason | undefined>) => listener(event.data);
      others().addEventListener("message", tell);
      return () => others().removeEventListener("message", tell);
    },
  };
}

const objectStore = "sessions";
const key = "current";
