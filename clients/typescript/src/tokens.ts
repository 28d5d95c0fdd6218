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
 * Only secure pages (https, or localhost) can share; elsewhere two pages that refresh in the same moment end the session.
 *
 * @param name - of the database, the lock and the channel; a page with two catalogs needs two
 */
export function browserTokenStore(name = "zebrands-catalog-session"): TokenStore {
  let database: Promise<IDBDatabase> | undefined;
  let channel: BroadcastChannel | undefined;
  const open = () => {
    database ??= openDatabase(name);
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
    set: async (tokens) => {
      const transaction = (await open()).transaction(objectStore, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(objectStore);
      if (tokens === undefined) store.delete(key);
      else store.put(tokens, key);
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      others().postMessage(null);
    },
    lock: (work) => (navigator.locks === undefined ? work() : navigator.locks.request(name, work)),
    subscribe: (listener) => {
      others().addEventListener("message", listener);
      return () => others().removeEventListener("message", listener);
    },
  };
}

const objectStore = "sessions";
const key = "current";

async function openDatabase(name: string): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(objectStore);
  await settled(opening);
  return opening.result;
}

function settled(request: IDBRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}
