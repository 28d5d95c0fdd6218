import { lockPages, type SignOutReason, type TokenStore, type Tokens } from "@zebrands/catalog";

/** Set in the browser's storage for as long as its cookie may hold a session. It is no secret and gives no power. */
const hint = "catalog-session";

/**
 * Reports whether the browser's cookie may hold a session. No script can look into the cookie; asking the server for everybody who
 * comes to sign in would only fail.
 */
export function mayHaveSession(): boolean {
  try {
    return localStorage.getItem(hint) !== null;
  } catch {
    return true; // without storage nobody knows
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(hint, "1");
    else localStorage.removeItem(hint);
  } catch {
    // Then the server is asked.
  }
}

/** What the pages of this origin tell each other: new tokens, or that the session is over and why. */
type Notice = { readonly tokens: Tokens | undefined; readonly reason: SignOutReason | undefined };

/**
 * Keeps the tokens of one session in the memory of every page of this origin, never in storage. One page refreshes at a time and
 * shares what it got; when one signs out, all are signed out.
 *
 * The refresh token is not here: it is in a cookie that no script can read, so its place in {@link Tokens} is empty.
 */
export class SharedTokenStore implements TokenStore {
  readonly #name: string;
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<(reason?: SignOutReason) => void>();
  #tokens: Tokens | undefined;

  constructor(name: string) {
    this.#name = name;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", (event: MessageEvent<Notice>) => {
      this.#tokens = event.data.tokens;
      for (const listener of this.#listeners) listener(event.data.reason);
    });
  }

  get(): Tokens | undefined {
    return this.#tokens;
  }

  set(tokens: Tokens | undefined, reason?: SignOutReason): void {
    this.#tokens = tokens;
    remember(tokens !== undefined);
    this.#channel.postMessage({ tokens, reason } satisfies Notice);
  }

  lock<T>(work: () => Promise<T>): Promise<T> {
    return lockPages(this.#name, work);
  }

  subscribe(listener: (reason?: SignOutReason) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
