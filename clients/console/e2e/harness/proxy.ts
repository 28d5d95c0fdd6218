import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A way to a server under a name that is no secure context: its pages have no Web Locks and no Sec-Fetch-Site. */
export interface PlainWay {
  readonly url: string;
  /** Is called with each answer of a method before the browser gets it, which it does when the promise resolves. */
  onAnswer: (method: string, connection: AnsweredConnection) => void | Promise<void>;
  stop(): Promise<void>;
}

/** The connection of a browser that waits for an answer. */
export interface AnsweredConnection {
  /** Cuts the connection, so that the answer is lost. */
  cut(): void;
}

/** The name of every {@link PlainWay}; the browser of the tests finds this machine under it. */
export const plainHost = "catalog.test";

/** Starts a proxy in front of a server. */
export async function startPlainWay(target: string): Promise<PlainWay> {
  const { hostname, port } = new URL(target);
  const proxy = createServer((req: IncomingMessage, res: ServerResponse) => {
    const onward = request({ hostname, port, path: req.url, method: req.method, headers: req.headers }, async (answer) => {
      await way.onAnswer((req.url ?? "").replace(/^\/catalog\.v1\./, ""), { cut: () => req.socket.destroy() });
      if (res.destroyed) {
        answer.resume();
        return;
      }
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    res.on("close", () => onward.destroy());
    req.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const way: PlainWay = {
    url: `http://${plainHost}:${(proxy.address() as AddressInfo).port}`,
    onAnswer: () => undefined,
    stop: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
  return way;
}
