import type { ClientHttp2Stream, Http2Session } from "node:http2";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { Http2SessionManager } from "@connectrpc/connect-node";

/** How a connection proves that it works. All times are in milliseconds. */
export interface KeepAliveOptions {
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

/** The requests of one Http2SessionManager. A newer manager replaces it when one of them gets no answer. */
interface Generation {
  readonly manager: Http2SessionManager;
  readonly startTime: number;
  /** Requests that wait for a connection, and streams that are open. */
  active: number;
  /** The one that took the last request. */
  connection: Connection | undefined;
}

/**
 * One HTTP/2 connection at a time. It closes a connection that does not answer a ping, and gives up one that does not answer a
 * request: later requests use a new one, and it is closed unless it answers a ping for the streams that it still carries.
 *
 * The pings of Http2SessionManager are off: every stream that ends stops the timer of a ping on its way, so that a connection that
 * died below calls with a deadline is never found to be dead.
 */
export class Connections implements Pick<Http2SessionManager, "authority" | "request" | "notifyResponseByteRead" | "abort"> {
  readonly authority: string;
  readonly #options: KeepAliveOptions;
  readonly #open = new Set<Generation>();
  readonly #connections = new WeakMap<Http2Session, Connection>();
  #current: Generation;

  constructor(baseUrl: string, options: KeepAliveOptions) {
    this.authority = new URL(baseUrl).origin;
    this.#options = options;
    this.#current = this.#start();
  }

  async request(...request: Parameters<Http2SessionManager["request"]>): Promise<ClientHttp2Stream> {
    const idle = this.#current.connection;
    if (idle !== undefined) await idle.verify();
    const generation = this.#current;
    generation.active++;
    try {
      const stream = await generation.manager.request(...request);
      stream.once("close", () => this.#release(generation));
      generation.connection = this.#watch(stream);
      return stream;
    } catch (error) {
      this.#release(generation);
      throw error;
    }
  }

  notifyResponseByteRead({ session }: ClientHttp2Stream): void {
    if (session !== undefined) this.#connections.get(session)?.receive();
  }

  /** Gives the connection up unless it is newer than a request that timed out, or the server has sent something since. */
  giveUp(requestTime: number): void {
    const generation = this.#current;
    const { connection, startTime } = generation;
    if (Math.max(startTime, connection?.receiveTime ?? 0) > requestTime) return;
    this.#current = this.#start();
    if (connection?.isOpen) void connection.ping();
    else generation.manager.abort(new ConnectError("the connection was not made in time", Code.Unavailable));
    this.#closeUnused(generation);
  }

  /** Closes every connection, and with it every call under way. */
  abort(): void {
    for (const { manager } of this.#open) manager.abort();
  }

  #start(): Generation {
    const manager = new Http2SessionManager(this.authority);
    const generation: Generation = { manager, startTime: performance.now(), active: 0, connection: undefined };
    this.#open.add(generation);
    return generation;
  }

  #release(generation: Generation): void {
    generation.active--;
    this.#closeUnused(generation);
  }

  #closeUnused(generation: Generation): void {
    if (generation.active > 0 || generation === this.#current) return;
    generation.manager.abort();
    this.#open.delete(generation);
  }

  #watch(stream: ClientHttp2Stream): Connection | undefined {
    const { session } = stream;
    if (session === undefined) return undefined;
    let connection = this.#connections.get(session);
    if (connection === undefined) {
      connection = new Connection(session, this.#options);
      this.#connections.set(session, connection);
    }
    connection.add(stream);
    return connection;
  }
}

/** A connection that is pinged while the server sends nothing, and closed if it does not answer. */
class Connection {
  receiveTime = performance.now();
  readonly #session: Http2Session;
  readonly #options: KeepAliveOptions;
  #streams = 0;
  #timer: NodeJS.Timeout | undefined;
  #pinging: Promise<void> | undefined;

  constructor(session: Http2Session, options: KeepAliveOptions) {
    this.#session = session;
    this.#options = options;
    session.once("close", () => clearTimeout(this.#timer));
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  receive(): void {
    this.receiveTime = performance.now();
  }

  /** Pings the connection whenever the server sent nothing for the interval, until the stream ends. */
  add(stream: ClientHttp2Stream): void {
    stream.once("response", () => this.receive());
    stream.once("close", () => {
      if (--this.#streams === 0) clearTimeout(this.#timer);
    });
    if (++this.#streams === 1) this.#schedule();
  }

  /** Resolves when the connection answered lately, or is closed because it does not. */
  async verify(): Promise<void> {
    if (this.#pinging !== undefined || this.#silentMs() > this.#options.pingIntervalMs) await this.ping();
  }

  /** Resolves when the connection answered a ping, or is closed because it did not. */
  ping(): Promise<void> {
    this.#pinging ??= this.#answer().finally(() => {
      this.#pinging = undefined;
    });
    return this.#pinging;
  }

  #answer(): Promise<void> {
    const session = this.#session;
    if (!this.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        // The requests on the connection fail with this error. The session throws it if nobody listens.
        session.once("error", () => undefined);
        session.destroy(new ConnectError("the connection did not answer a ping", Code.Unavailable));
        resolve();
      }, this.#options.pingTimeoutMs);
      session.ping((error) => {
        clearTimeout(timer);
        if (error === null) this.receive();
        resolve();
      });
    });
  }

  #schedule(): void {
    const rest = this.#options.pingIntervalMs - this.#silentMs();
    // Longer timers end at once.
    if (rest > 2 ** 31 - 1) return;
    this.#timer = setTimeout(async () => {
      await this.verify();
      if (this.#streams > 0 && this.isOpen) this.#schedule();
    }, rest).unref();
  }

  #silentMs(): number {
    return performance.now() - this.receiveTime;
  }
}

/** Calls back with the time at which a request began when it gets no answer before its deadline. */
export function onTimeout(callback: (requestTime: number) => void): Interceptor {
  return (next) => (req) => {
    const requestTime = performance.now();
    req.signal.addEventListener("abort", () => {
      const { reason } = req.signal;
      const timedOut = reason instanceof ConnectError ? reason.code === Code.DeadlineExceeded : reason?.name === "TimeoutError";
      if (timedOut) callback(requestTime);
    });
    return next(req);
  };
}
