import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Catalog } from "../../src/catalog.js";
import { createCatalog } from "../../src/catalog.js";
import { createCatalog as createNodeCatalog } from "../../src/node.js";

/** Makes a call and begins a stream, both refused. */
async function callAndWatch({ products }: Catalog): Promise<void> {
  await assert.rejects(products.createProduct({}));
  await assert.rejects(products.watch({})[Symbol.asyncIterator]().next());
  await assert.rejects(products.watchProductChanges({}, { timeoutMs: 5_000 })[Symbol.asyncIterator]().next());
}

for (const protocol of ["connect", "grpc", "grpc-web"] as const) {
  test(`from Node, over ${protocol}, calls have a deadline and streams only their own`, async () => {
    const deadlines: (string | undefined)[] = [];
    const server = createServer().on("stream", (stream, headers) => {
      const deadline = headers["connect-timeout-ms"] ?? headers["grpc-timeout"];
      deadlines.push(deadline === undefined ? undefined : String(deadline).replace(/m$/, ""));
      stream.respond({ ":status": 403 }, { endStream: true });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const catalog = createNodeCatalog({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol });
    try {
      await callAndWatch(catalog);
    } finally {
      catalog.close();
      server.close();
    }
    assert.deepEqual(deadlines, ["30000", undefined, "5000"]);
  });
}

test("from a browser too", async () => {
  const deadlines: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    deadlines.push(new Headers(init?.headers).get("Connect-Timeout-Ms"));
    return new Response(null, { status: 403 });
  };
  await callAndWatch(createCatalog({ baseUrl: "http://localhost", fetch }));
  assert.deepEqual(deadlines, ["30000", null, "5000"]);
});
