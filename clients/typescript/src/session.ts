import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { isReason } from "./errors.js";
import type { Admin } from "./gen/catalog/v1/admin_pb.js";
import { AuthService } from "./gen/catalog/v1/auth_pb.js";
import { abortable } from "./signals.js";
import type { TokenStore, Tokens } from "./tokens.js";

/** A new pair is fetched this long before the access token expires. */
const refreshAheadMs = 30_000;

/** What every method that starts or renews a session answers. */
interface TokenResponse {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expireTime?: Timestamp | undefined;
}

/** Is told whether somebody is signed in now. */
export type SessionListener = (signedIn: boolean) => void;

/**
 * Who is signed in. Every call carries the access token; it is renewed before it expires, or when the server calls it expired,
 * and however many calls wait for that, the server sees one refresh.
 *
 * Every method of `catalog.auth` that answers with tokens (signIn, changePassword, resetPassword, acceptInvitation,
 * completeSetup) signs in by itself.
 */
export class Session {
  readonly #store: TokenStore;
  readonly #auth: () => Client<typeof AuthService>;
  readonly #listeners = new Set<SessionListener>();
  #refreshing: Promise<Tokens> | undefined;

  /** @internal */
  constructor(store: TokenStore, auth: () => Client<typeof AuthService>) {
    this.#store = store;
    this.#auth = auth;
  }

  /**
   * Signs in and returns who that is.
   *
   * @throws ConnectError SIGN_IN_FAILED, or SIGN_IN_THROTTLED with a {@link retryDelay}.
   */
  async signIn(credentials: { email: string; password: string }): Promise<Admin> {
    const { admin } = await this.#auth().signIn(credentials);
    if (admin === undefined) throw new ConnectError("the answer holds no administrator", Code.Internal);
    return admin;
  }

  /**
   * Forgets the tokens, then ends the session on the server. Nobody is signed in here afterwards, even if this throws because
   * the server could not be reached.
   */
  async signOut(): Promise<void> {
    const tokens = await this.#exclusively(async () => {
      const current = await this.#store.get();
      if (current !== undefined) await this.#save(undefined);
      return current;
    });
    if (tokens === undefined) return;
    try {
      await this.#auth().signOut({ refreshToken: tokens.refreshToken });
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unauthenticated) throw error; // it was over already
    }
  }

  /** Reports whether there are tokens. The server may have ended their session meanwhile. */
  async isSignedIn(): Promise<boolean> {
    return (await this.#store.get()) !== undefined;
  }

  /** Calls the listener whenever somebody signs in or out, also in another page that shares the store; returns a function that ends this. */
  onChange(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    const unsubscribe = this.#store.subscribe?.(() => {
      void this.isSignedIn().then((signedIn) => {
        if (this.#listeners.has(listener)) listener(signedIn);
      });
    });
    return () => {
      this.#listeners.delete(listener);
      unsubscribe?.();
    };
  }

  /** @internal Returns tokens that are good for a call now, or undefined if nobody is signed in. */
  async current(signal: AbortSignal): Promise<Tokens | undefined> {
    const tokens = await this.#store.get();
    if (tokens?.refreshTime === undefined || Date.now() < tokens.refreshTime) return tokens;
    try {
      return await this.renew(tokens, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (ConnectError.from(error).code === Code.Unauthenticated) throw error;
      return tokens; // may still be good: the server will tell
    }
  }

  /** @internal Returns a newer pair than the given one. An aborted signal ends the caller's waiting, not the refresh. */
  renew(stale: Tokens, signal: AbortSignal): Promise<Tokens> {
    this.#refreshing ??= this.#lock(() => this.#renew(stale)).finally(() => {
      this.#refreshing = undefined;
    });
    return abortable(this.#refreshing, signal);
  }

  /** @internal Keeps the tokens of a session that began. */
  async adopt(response: TokenResponse): Promise<void> {
    await this.#exclusively(() => this.#save(tokensOf(response)));
  }

  /** @internal Forgets the tokens that belong to a session that is over, unless there are newer ones. */
  async drop(tokens: Tokens): Promise<void> {
    await this.#exclusively(async () => {
      const current = await this.#store.get();
      if (current?.accessToken === tokens.accessToken) await this.#save(undefined);
    });
  }

  async #renew(stale: Tokens): Promise<Tokens> {
    const current = await this.#store.get();
    if (current === undefined) throw new ConnectError("signed out meanwhile", Code.Unauthenticated);
    if (current.accessToken !== stale.accessToken) return current; // somebody else was faster
    try {
      const tokens = tokensOf(await this.#auth().refreshSession({ refreshToken: current.refreshToken }));
      await this.#store.set(tokens);
      return tokens;
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) await this.#save(undefined);
      throw error;
    }
  }

  async #save(tokens: Tokens | undefined): Promise<void> {
    await this.#store.set(tokens);
    for (const listener of this.#listeners) listener(tokens !== undefined);
  }

  /** Runs work after a refresh that is under way, so that its tokens do not replace newer ones. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    await this.#refreshing?.catch(() => undefined);
    return this.#lock(work);
  }

  #lock<T>(work: () => Promise<T>): Promise<T> {
    return this.#store.lock === undefined ? work() : this.#store.lock(work);
  }
}

/** Methods that go without an access token, because an expired one would make the server refuse them. */
const bareMethods = new Set<string>([
  "signIn",
  "refreshSession",
  "requestPasswordReset",
  "resetPassword",
  "acceptInvitation",
  "completeSetup",
]);

/** Sends the session's access token with every call, renews it once if the server calls it expired, and keeps new tokens. */
export function sessionInterceptor(session: Session): Interceptor {
  return (next) => async (req) => {
    const auth = req.service.typeName === AuthService.typeName;
    const method = auth ? req.method.localName : "";
    if (bareMethods.has(method) || (method === "signOut" && namesSession(req as UnaryRequest))) {
      const res = await next(req);
      if (method !== "refreshSession" && !res.stream && holdsTokens(res.message)) await session.adopt(res.message);
      return res;
    }
    const tokens = await session.current(req.signal);
    if (tokens === undefined) return next(req);
    const res = await authorized(session, tokens, req, next);
    if (res.stream) return { ...res, message: watched(session, tokens, req.signal, res.message) };
    if (method === "changePassword" && holdsTokens(res.message)) await session.adopt(res.message);
    if (method === "signOut") await session.drop(tokens);
    return res;
  };
}

async function authorized(
  session: Session,
  tokens: Tokens,
  req: Parameters<ReturnType<Interceptor>>[0],
  next: Parameters<Interceptor>[0],
) {
  req.header.set("Authorization", `Bearer ${tokens.accessToken}`);
  try {
    return await next(req);
  } catch (error) {
    const renewed = await afterRefusal(session, tokens, req.signal, error);
    if (renewed === undefined || req.stream) throw error; // the request of a stream is gone
    req.header.set("Authorization", `Bearer ${renewed.accessToken}`);
    return next(req);
  }
}

/** Passes the messages of a stream on. When it ends because of its token, the session is ready for the next one. */
async function* watched<T>(session: Session, tokens: Tokens, signal: AbortSignal, messages: AsyncIterable<T>) {
  try {
    yield* messages;
  } catch (error) {
    await afterRefusal(session, tokens, signal, error);
    throw error;
  }
}

/** Forgets tokens whose session is over. Returns new ones if the server calls these expired. */
async function afterRefusal(session: Session, tokens: Tokens, signal: AbortSignal, error: unknown): Promise<Tokens | undefined> {
  if (isReason(error, "SESSION_ENDED")) await session.drop(tokens);
  return isReason(error, "TOKEN_EXPIRED", "TOKEN_INVALID") ? session.renew(tokens, signal) : undefined;
}

function namesSession(req: UnaryRequest): boolean {
  return "refreshToken" in req.message && req.message.refreshToken !== "";
}

function holdsTokens(message: object): message is TokenResponse {
  return "accessToken" in message && "refreshToken" in message;
}

function tokensOf({ accessToken, refreshToken, expireTime }: TokenResponse): Tokens {
  const refreshTime = (expireTime === undefined ? 0 : timestampMs(expireTime)) - refreshAheadMs;
  // A fresh token that looks expired means that this machine's clock is wrong.
  return refreshTime > Date.now() ? { accessToken, refreshToken, refreshTime } : { accessToken, refreshToken };
}
