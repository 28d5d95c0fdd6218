/**
 * The catalog from Node: Connect, gRPC or gRPC-Web, over HTTP/2 or HTTP/1.1.
 *
 * @packageDocumentation
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { type ApiKey, apiKeyInterceptor } from "./api-key.js";
import { assemble, type Catalog, type SessionOptions } from "./catalog.js";
import { Connections, onTimeout } from "./connections.js";
import { interceptorsOf, preferGet, type TransportOptions, withLongStreams } from "./transport.js";

export type { ApiKey };

/** Options of {@link createCatalog}. */
export interface NodeCatalogOptions extends TransportOptions, SessionOptions {
  /**
   * The API key of a program, which goes with every call instead of a session's token. Nobody signs in then: methods that keys may
   * not call fail with API_KEY_FORBIDDEN, and all do with API_KEY_INVALID once the key does not work any more. Keep keys out of web
   * pages, whose scripts everybody can read.
   */
  readonly apiKey?: ApiKey | undefined;
  /** What is spoken. Default: `connect`. */
  readonly protocol?: "connect" | "grpc" | "grpc-web";
  /** Default: `2`, on one connection, with or without TLS as the scheme of baseUrl says. gRPC needs it. */
  readonly httpVersion?: "1.1" | "2";
  /**
   * After how many milliseconds without data an HTTP/2 connection must answer a ping: while calls wait for it, and before another call
   * uses it. Default: 10,000.
   */
  readonly pingIntervalMs?: number;
  /**
   * How many milliseconds an answer to a ping may take. A connection that does not answer is closed, which ends its calls with the
   * code Unavailable, and calls get a new one. Default: as `pingIntervalMs`, and at most 10,000.
   */
  readonly pingTimeoutMs?: number;
}

/** A catalog whose connection can be closed. */
export interface NodeCatalog extends Catalog {
  /** Closes the connection, and with it every call under way. An idle connection does not keep the process alive. */
  close(): void;
}

/**
 * Returns a client for every service, for Node. It makes no call by itself.
 *
 * @example
 * ```ts
 * import { createCatalog } from "@zebrands/catalog/node";
 *
 * const catalog = createCatalog({ baseUrl: "http://localhost:8080" });
 * const product = await catalog.products.get({ sku: "WH-1000XM5" });
 * ```
 * @throws RangeError if gRPC is to go over HTTP/1.1
 */
export function createCatalog(options: NodeCatalogOptions): NodeCatalog {
  const { protocol = "connect", httpVersion = "2", apiKey } = options;
  if (protocol === "grpc" && httpVersion !== "2") throw new RangeError("gRPC needs HTTP/2");
  const network = httpVersion === "2" ? overHttp2(options) : overHttp1(options.baseUrl);
  const connect = (session: Interceptor[]): Transport => {
    const common = {
      baseUrl: options.baseUrl,
      defaultTimeoutMs: options.timeoutMs ?? 30_000,
      interceptors: [
        ...interceptorsOf(options, apiKey === undefined ? session : [apiKeyInterceptor(apiKey)]),
        onTimeout(network.giveUp),
      ],
      ...network.options,
    };
    switch (protocol) {
      case "grpc":
        // Over HTTP/2, whose options the session manager has.
        return withLongStreams(createGrpcTransport({ ...common, nodeOptions: {} }));
      case "grpc-web":
        return withLongStreams(createGrpcWebTransport(common));
      case "connect":
        return preferGet(
          createConnectTransport({ ...common, useHttpGet: true }),
          withLongStreams(createConnectTransport(common)),
        );
    }
  };
  return { ...assemble(options, connect), close: network.close };
}

function overHttp2({ baseUrl, pingIntervalMs = 10_000, pingTimeoutMs = Math.min(pingIntervalMs, 10_000) }: NodeCatalogOptions) {
  const sessionManager = new Connections(baseUrl, { pingIntervalMs, pingTimeoutMs });
  return {
    options: { httpVersion: "2" as const, sessionManager },
    giveUp: (requestTime: number) => sessionManager.giveUp(requestTime),
    close: () => sessionManager.abort(),
  };
}

/** A request that times out closes its own connection. Those that wait for the next request may be as dead. */
function overHttp1(baseUrl: string) {
  const agent = new (new URL(baseUrl).protocol === "https:" ? HttpsAgent : HttpAgent)({ keepAlive: true });
  return {
    options: { httpVersion: "1.1" as const, nodeOptions: { agent } },
    giveUp: () => {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
    close: () => agent.destroy(),
  };
}
