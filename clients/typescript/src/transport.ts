import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { isSafe, requestIdInterceptor } from "./requests.js";
import { type RetryOptions, retryInterceptor } from "./retry.js";

/** What every transport can be told. */
export interface TransportOptions {
  /** Where the catalog is, such as `https://catalog.example.com`. */
  readonly baseUrl: string;
  /**
   * How long a call may take, with all its tries, in milliseconds; 0 for no limit. A call's own `timeoutMs` goes before it.
   * Streams have no limit but their own. Default: 30,000.
   */
  readonly timeoutMs?: number;
  /** How repeatable calls are tried again; false for never. A watch connects again whatever this says, after the same waits. */
  readonly retry?: RetryOptions | false;
  /**
   * Whether writes get a request id, so that the server does a repeated one once and the client can try it again. A call's own
   * `requestId` goes before it. Default: true.
   */
  readonly requestIds?: boolean;
  /** Further interceptors. They see each call once, around its tries. */
  readonly interceptors?: readonly Interceptor[];
}

/** Options of the transport for browsers, and for whatever else has fetch. */
export interface WebTransportOptions extends TransportOptions {
  /** Send and receive protobuf instead of JSON: smaller, but not readable in the browser's network tab. Default: false. */
  readonly useBinaryFormat?: boolean;
  /** Which cookies go with a call. Default: `same-origin`. */
  readonly credentials?: RequestCredentials;
  /** A fetch to use instead of the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Requests up to this many bytes, as protobuf, make addresses that proxies take (8 kB), however they are escaped. */
const maxGetBytes = 1_000;

/**
 * Returns a Connect transport on fetch. Safe calls are GET requests, which browsers and proxies may cache; without a session
 * they are simple requests, which another origin may send without asking first.
 */
export function createWebTransport(options: WebTransportOptions, session: readonly Interceptor[] = []): Transport {
  const common = {
    baseUrl: options.baseUrl,
    defaultTimeoutMs: options.timeoutMs ?? 30_000,
    useBinaryFormat: options.useBinaryFormat ?? false,
    fetch: sessionAwareFetch(options),
  };
  const around = interceptorsOf(options, session);
  return preferGet(
    createConnectTransport({ ...common, useHttpGet: true, interceptors: [...around, withoutTimeoutHeader] }),
    withLongStreams(createConnectTransport({ ...common, interceptors: around })),
  );
}

/**
 * Returns the interceptors of a transport, outermost first. The session is outside, so that a call waits for one refresh and not one
 * for each try; what is sent again after a refresh or a retry has the same request id, so that is outside of both.
 */
export function interceptorsOf(options: TransportOptions, session: readonly Interceptor[]): Interceptor[] {
  const retry = retryInterceptor(options.retry === false ? { maxAttempts: 1 } : options.retry);
  const requestIds = options.requestIds === false ? [] : [requestIdInterceptor];
  return [...(options.interceptors ?? []), ...requestIds, ...session, retry];
}

/** Returns a transport whose streams take as long as they take, unless a call says otherwise. */
export function withLongStreams(transport: Transport): Transport {
  return {
    unary: transport.unary.bind(transport),
    stream: (method, signal, timeoutMs, ...rest) => transport.stream(method, signal, timeoutMs ?? 0, ...rest),
  };
}

/** Returns a transport that sends safe calls with the first transport unless they are too long for an address. */
export function preferGet(get: Transport, post: Transport): Transport {
  const fits = <I extends DescMessage>(input: I, message: MessageInitShape<I>) =>
    toBinary(input, create(input, message)).byteLength <= maxGetBytes;
  return {
    unary: (method, signal, timeoutMs, header, message, contextValues) =>
      (isSafe(method) && fits(method.input, message) ? get : post).unary(
        method,
        signal,
        timeoutMs,
        header,
        message,
        contextValues,
      ),
    stream: post.stream.bind(post),
  };
}

/** The header would make browsers ask the server before every safe call. The deadline holds without: the call is aborted. */
const withoutTimeoutHeader: Interceptor = (next) => (req) => {
  req.header.delete("Connect-Timeout-Ms");
  return next(req);
};

/**
 * Signed-in callers write, and must read what they wrote: the browser's cache asks the server before it answers them. A refresh goes
 * on when its page is left, so that the browser gets the cookie that replaces the one it sent.
 */
function sessionAwareFetch(options: WebTransportOptions): typeof globalThis.fetch {
  const { credentials = "same-origin", fetch } = options;
  return (input, init) => {
    const signedIn = new Headers(init?.headers).has("Authorization");
    const call = fetch ?? globalThis.fetch;
    return call(input, {
      ...init,
      credentials,
      ...(signedIn && { cache: "no-cache" }),
      ...(isOwnRefresh(String(input)) && { keepalive: true }),
    });
  };
}

/** Reports whether an address is that of RefreshSession on the page's own origin, where the session may be in a cookie. */
function isOwnRefresh(address: string): boolean {
  const { location } = globalThis as { location?: Location };
  return (
    location !== undefined &&
    address.startsWith(`${location.origin}/`) &&
    address.endsWith("/catalog.v1.AuthService/RefreshSession")
  );
}
