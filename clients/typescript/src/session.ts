import { type Timestamp, timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { isReason, reasonOf } from "./errors.js";
import type { Admin } from "./gen/catalog/v1/admin_pb.js";
import { AuthService } from "./gen/catalog/v1/auth_pb.js";
import { refreshSession } from "./refresh.js";
import { abortable } from "./signals.js";
import type { SignOutReason, TokenStore, Tokens } from "./tokens.js";

/** A new pair is fetched this long before the access token expires. */
const refreshAheadMs = 30_000;

/** What every method that answers with an access token answers. */
interface AccessResponse {
  readonly accessToken: string;
  readonly expireTime?: Timestamp | undefined;
}

/** What every method that starts or renews a session answers. */
interface TokenResponse extends AccessResponse {
  readonly refreshToken: string;
}

/** Is told whether somebody is signed in now and, if they are no more, why. */
export type SessionListener = (signedIn: boolean, reason?: SignOutReason) => void;

/** What somebody who is signed in proves who they are with. */
export type Proof = { readonly password: string } | { readonly passkey: string };

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
  #unsubscribe: (() => void) | undefined;
  #refreshing: Promise<Tokens> | undefined;
  #resuming: Promise<boolean> | undefined;
  #signOutReason: SignOutReason | undefined;

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
      if (current !== undefined) await this.#save(undefined, "SIGNED_OUT");
      return current;
    });
    if (tokens === undefined) return;
    try {
      await this.#auth().signOut({ refreshToken: tokens.refreshToken });
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unauthenticated) throw error; // it was over already
    }
  }

  /**
   * Proves again who is signed in, and returns when that was. Methods that change who can sign in fail with
   * REAUTHENTICATION_REQUIRED unless it was in the last 5 minutes; signing in counts. The session goes on with a new access token.
   *
   * @example
   * ```ts
   * try {
   *   await catalog.admins.createAdmin(request);
   * } catch (error) {
   *   if (!isReason(error, "REAUTHENTICATION_REQUIRED")) throw error;
   *   await catalog.session.reauthenticate({ password: await ask() });
   *   await catalog.admins.createAdmin(request);
   * }
   * ```
   * @throws ConnectError PASSWORD_INCORRECT, SECOND_FACTOR_FAILED, or SIGN_IN_THROTTLED with a {@link retryDelay}
   */
  async reauthenticate(proof: Proof): Promise<Date> {
    const { authTime } = await this.#auth().reauthenticate({
      proof: "password" in proof ? { case: "password", value: proof.password } : { case: "passkey", value: proof.passkey },
    });
    if (authTime === undefined) throw new ConnectError("the answer holds no time", Code.Internal);
    return timestampDate(authTime);
  }

  /**
   * Takes up the session that the browser's cookie holds, if there are no tokens, and returns whether somebody is signed in. For
   * pages of the catalog's own origin that send the header "Catalog-Session: cookie" to AuthService.
   *
   * @throws ConnectError if the server cannot be reached
   */
  resume(): Promise<boolean> {
    this.#resuming ??= this.#exclusively(async () => {
      if ((await this.#store.get()) !== undefined) return true;
      try {
        await this.#save(tokensOf(await refreshSession(this.#auth(), "")));
        return true;
      } catch (error) {
        if (ConnectError.from(error).code !== Code.Unauthenticated) throw error;
        await this.#save(undefined, endOf(error));
        return false;
      }
    }).finally(() => {
      this.#resuming = undefined;
    });
    return this.#resuming;
  }

  /**
   * Why nobody is signed in any more; undefined if somebody is, or nobody was. What happens in other pages counts while there is a
   * listener.
   */
  get signOutReason(): SignOutReason | undefined {
    return this.#signOutReason;
  }

  /** Reports whether there are tokens. The server may have ended their session meanwhile. */
  async isSignedIn(): Promise<boolean> {
    return (await this.#store.get()) !== undefined;
  }

  /** Calls the listener whenever somebody signs in or out, also in another page that shares the store; returns a function that ends this. */
  onChange(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    this.#unsubscribe ??= this.#store.subscribe?.((reason) => {
      void this.isSignedIn().then((signedIn) => this.#tell(signedIn, elsewhere(reason)));
    });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
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

  /** @internal Keeps a new access token of the session that goes on. */
  async renewAccess(response: AccessResponse): Promise<void> {
    await this.#exclusively(async () => {
      const current = await this.#store.get();
      if (current !== undefined) await this.#store.set(tokensOf({ ...response, refreshToken: current.refreshToken }));
    });
  }

  /** @internal Forgets the tokens that belong to a session that is over, unless there are newer ones. */
  async drop(tokens: Tokens, reason: SignOutReason): Promise<void> {
    await this.#exclusively(async () => {
      const current = await this.#store.get();
      if (current?.accessToken === tokens.accessToken) await this.#save(undefined, reason);
    });
  }

  async #renew(stale: Tokens): Promise<Tokens> {
    const current = await this.#store.get();
    if (current === undefined) throw new ConnectError("signed out meanwhile", Code.Unauthenticated);
    if (current.accessToken !== stale.accessToken) return current; // somebody else was faster
    try {
      const tokens = tokensOf(await refreshSession(this.#auth(), current.refreshToken));
      await this.#store.set(tokens);
      return tokens;
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) await this.#save(undefined, endOf(error));
      throw error;
    }
  }

  async #save(tokens: Tokens | undefined, reason?: SignOutReason): Promise<void> {
    await this.#store.set(tokens, reason);
    this.#tell(tokens !== undefined, reason);
  }

  #tell(signedIn: boolean, reason: SignOutReason | undefined): void {
    this.#signOutReason = signedIn ? undefined : reason;
    for (const listener of this.#listeners) listener(signedIn, this.#signOutReason);
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
  "confirmEmail",
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
    if (method === "reauthenticate" && holdsAccess(res.message)) await session.renewAccess(res.message);
    if (method === "signOut") await session.drop(tokens, "SIGNED_OUT");
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
  if (isReason(error, "SESSION_ENDED")) await session.drop(tokens, "SESSION_ENDED");
  return isReason(error, "TOKEN_EXPIRED", "TOKEN_INVALID") ? session.renew(tokens, signal) : undefined;
}

function namesSession(req: UnaryRequest): boolean {
  return "refreshToken" in req.message && req.message.refreshToken !== "";
}

function holdsAccess(message: object): message is AccessResponse {
  return "accessToken" in message;
}

function holdsTokens(message: object): message is TokenResponse {
  return holdsAccess(message) && "refreshToken" in message;
}

/** Returns why the server refused a refresh. */
function endOf(error: unknown): SignOutReason {
  const reason = reasonOf(error);
  return reason === "REFRESH_TOKEN_REUSED" || reason === "REFRESH_TOKEN_INVALID" ? reason : "SESSION_ENDED";
}

/** Returns the reason of another page as it is seen here. */
function elsewhere(reason: SignOutReason | undefined): SignOutReason {
  return reason === undefined || reason === "SIGNED_OUT" ? "SIGNED_OUT_ELSEWHERE" : reason;
}

function tokensOf({ accessToken, refreshToken, expireTime }: TokenResponse): Tokens {
  const refreshTime = (expireTime === undefined ? 0 : timestampMs(expireTime)) - refreshAheadMs;
  // A fresh token that looks expired means that this machine's clock is wrong.
  return refreshTime > Date.now() ? { accessToken, refreshToken, refreshTime } : { accessToken, refreshToken };
}
