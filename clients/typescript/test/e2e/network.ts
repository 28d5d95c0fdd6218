import { once } from "node:events";
import { createServer as createHttpServer, request } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A way to the server that can break. */
export interface Wire {
  readonly baseUrl: string;
  /** How many connections were made. */
  connections: number;
  /** How many of the next connections are cut as soon as they are made. */
  cut: number;
  /** How many of the next connections are cut when the server begins to answer a call. */
  loseResponses: number;
  /** Whether connections are taken and nothing is carried over them. */
  silent: boolean;
  /** Stops carrying anything over the open connections, which stay open. */
  freeze(): void;
  /** Cuts the open connections. */
  reset(): void;
  /** Is called at every connection. */
  onConnection: () => void;
  stop(): Promise<void>;
}

/** Calls back when the server sends the head of a response, before anybody else gets it. */
function onResponse(server: Socket, callback: () => void): void {
  let received = Buffer.alloc(0);
  server.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.toString("latin1", 0, 5) === "HTTP/") return callback();
    // HTTP/2: frames of 9 bytes and a payload; the first ones are settings.
    const headers = 1;
    while (received.length >= 9) {
      if (received[3] === headers) return callback();
      received = received.subarray(9 + received.readUIntBE(0, 3));
    }
  });
}

/** Carries bytes to the server at an address, whatever they mean. */
export async function startWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)).on("error", () => socket.destroy()));
    return socket;
  };
  const server = createServer((socket) => {
    keep(socket);
    wire.connections++;
    wire.onConnection();
    if (wire.cut > 0) {
      wire.cut--;
      socket.destroy();
    } else if (!wire.silent) {
      const onward = keep(connect(Number(port), hostname));
      if (wire.loseResponses > 0) {
        wire.loseResponses--;
        onResponse(onward, () => socket.destroy());
      }
      socket.pipe(onward).pipe(socket);
    }
  });
  const wire: Wire = {
    baseUrl: await listen(server),
    connections: 0,
    cut: 0,
    loseResponses: 0,
    silent: false,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    reset: () => {
      for (const socket of sockets) socket.destroy();
    },
    onConnection: () => {},
    stop: async () => {
      wire.reset();
      server.close();
      await once(server, "close");
    },
  };
  return wire;
}

/** A proxy that is seen to work, and can be overloaded. */
export interface Proxy {
  readonly baseUrl: string;
  /** The method, the path and the time of every request, in milliseconds. */
  readonly seen: { readonly method: string; readonly path: string; readonly time: number }[];
  /** How many of the next requests are refused with 503, and what their Retry-After says, in seconds. */
  overload: { requests: number; retryAfter: number };
  stop(): Promise<void>;
}

/** Passes HTTP/1.1 requests on to the server at an address. */
export async function startProxy(target: string): Promise<Proxy> {
  const server = createHttpServer((incoming, outgoing) => {
    const { method = "", url = "", headers } = incoming;
    proxy.seen.push({ method, path: url, time: performance.now() });
    if (proxy.overload.requests > 0) {
      proxy.overload.requests--;
      incoming.resume();
      outgoing.writeHead(503, { "Retry-After": proxy.overload.retryAfter }).end();
      return;
    }
    const onward = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const proxy: Proxy = {
    baseUrl: await listen(server),
    seen: [],
    overload: { requests: 0, retryAfter: 0 },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return proxy;
}
