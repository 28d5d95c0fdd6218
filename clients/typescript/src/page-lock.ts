import { committed, openDatabase } from "./indexed-db.js";

/** How long a page that is gone keeps the others waiting, in milliseconds. */
const leaseMs = 3_000;
/** How often a page that works renews its lease. Pages in the background run timers once a second. */
const renewMs = 1_000;
/** How often a page that waits looks whether it is its turn. */
const pollMs = 100;

const objectStore = "leases";
const key = "current";

interface Lease {
  readonly owner: string;
  readonly expires: number;
}

/**
 * Runs work while no other page of this origin runs work under the same name.
 *
 * Pages that are not secure (plain http, except on localhost) have no Web Locks. There it is a lease in IndexedDB, whose
 * transactions exclude each other. A page that stops for longer than the lease, or is closed, may overlap with the next one. Without
 * storage nothing is excluded.
 */
export async function lockPages<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (navigator.locks !== undefined) return navigator.locks.request(name, work);
  const lease = await acquire(name);
  try {
    return await work();
  } finally {
    await lease?.release();
  }
}

/** Waits for a lease and keeps it until it is released. Returns undefined if the page has no storage. */
async function acquire(name: string): Promise<{ release(): Promise<void> } | undefined> {
  const database = await openDatabase(`${name}-lock`, objectStore).catch(() => undefined);
  if (database === undefined) return undefined;
  const owner = String(crypto.getRandomValues(new Uint32Array(4)));
  while (!(await take(database, owner))) await new Promise((resolve) => setTimeout(resolve, pollMs * (0.5 + Math.random())));
  const renewing = setInterval(() => void take(database, owner).catch(() => undefined), renewMs);
  const release = async () => {
    clearInterval(renewing);
    removeEventListener("pagehide", release);
    await change(database, (lease) => (lease?.owner === owner ? undefined : lease)).catch(() => undefined);
    database.close();
  };
  addEventListener("pagehide", release);
  return { release };
}

/** Takes or renews the lease, unless another page has it. */
async function take(database: IDBDatabase, owner: string): Promise<boolean> {
  const now = Date.now();
  const after = await change(database, (lease) => {
    const taken = lease !== undefined && lease.owner !== owner && lease.expires > now && lease.expires <= now + leaseMs;
    return taken ? lease : { owner, expires: now + leaseMs };
  });
  return after?.owner === owner;
}

/** Replaces the lease in a transaction, and returns the new one. */
async function change(database: IDBDatabase, next: (lease: Lease | undefined) => Lease | undefined): Promise<Lease | undefined> {
  const transaction = database.transaction(objectStore, "readwrite");
  const store = transaction.objectStore(objectStore);
  const found: IDBRequest<Lease | undefined> = store.get(key);
  let lease: Lease | undefined;
  found.onsuccess = () => {
    lease = next(found.result);
    if (lease === undefined) store.delete(key);
    else store.put(lease, key);
  };
  await committed(transaction);
  return lease;
}
