/**
 * The catalog from Node: Connect, gRPC or gRPC-Web, over HTTP/2 or HTTP/1.1.
 *
 * @packageDocumentation
 */
import type { Interceptor, Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { assemble, type Catalog, type SessionOptions } from "./catalog.js";
import { interceptorsOf, preferGet, type TransportOptions, withLongStreams } from "./transport.js";

/** Options of {@link createCatalog}. */
export interface NodeCatalogOptions extends TransportOptions, SessionOptions {
  /** What is spoken. Default: `connect`. */
  readonly protocol?: "connect" | "grpc" | "grpc-web";
  /** Default: `2`, on one connection, with or without TLS as the scheme of baseUrl says. gRPC needs it. */
  readonly httpVersion?: "1.1" | "2";
  /**
   * After how many milliseconds without data an HTTP/2 connection in use must answer a ping, within the same time and at most 15
   * seconds. One that does not is closed, and calls get a new one. Default: 20,000.
   */
  readonly pingIntervalMs?: number;
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
  const { protocol = "connect", httpVersion = "2" } = options;
  if (protocol === "grpc" && httpVersion !== "2") throw new RangeError("gRPC needs HTTP/2");
  const { pingIntervalMs = 20_000 } = options;
  const pings = { pingIntervalMs, pingTimeoutMs: Math.min(pingIntervalMs, 15_000) };
  const sessionManager = httpVersion === "2" ? new Http2SessionManager(options.baseUrl, pings) : undefined;
  const connect = (session: Interceptor[]): Transport => {
    const common = {
      baseUrl: options.baseUrl,
      defaultTimeoutMs: options.timeoutMs ?? 30_000,
      interceptors: interceptorsOf(options, session),
      ...(sessionManager === undefined ? { httpVersion: "1.1" as const } : { httpVersion: "2" as const, sessionManager }),
    };
    switch (protocol) {
      case "grpc":
        return withLongStreams(createGrpcTransport(common));
      case "grpc-web":
        return withLongStreams(createGrpcWebTransport(common));
      case "connect":
        return preferGet(
          createConnectTransport({ ...common, useHttpGet: true }),
          withLongStreams(createConnectTransport(common)),
        );
    }
  };
  return { ...assemble(options, connect), close: () => sessionManager?.abort() };
}
