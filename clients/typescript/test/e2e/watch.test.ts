import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isReason, memoryTokenStore, type ProductChange, ProductChange_Operation, type WatchQuery } from "@zebrands/catalog";
import { createCatalog, type NodeCatalog } from "@zebrands/catalog/node";
import { startWire, type Wire } from "./network.js";
import { patience } from "./patience.js";
import { ana, databases, type Server, startServer } from "./server.js";
import { nameOf, wires } from "./wires.js";

for (const database of databases) {
  describe(`watching changes, on ${database}`, () => {
    let server: Server;
    let writer: NodeCatalog;
    before(async () => {
      server = await startServer(database);
      writer = createCatalog({ baseUrl: server.baseUrl });
      await writer.session.signIn(ana);
    });
    after(async () => {
      writer?.close();
      await server?.stop();
    });

    let n = 0;
    const create = async () => {
      const price = { amount: "1", currencyCode: "MXN" };
      const { product } = await writer.products.createProduct({
        product: { sku: `W-${n++}`, name: "Lamp", brand: "Acme", price },
      });
      assert.ok(product);
      return product;
    };
    const now = async () => (await writer.products.listProductChanges({ pageSize: 1 })).nextCursor;
    /** Begins to watch from now on, and returns what waits for the next change. */
    const follow = async (catalog: NodeCatalog, query: WatchQuery = {}) => {
      const watch = catalog.products.watch({ cursor: await now(), signal: AbortSignal.timeout(patience), ...query });
      const changes = watch[Symbol.asyncIterator]();
      const next = async (): Promise<ProductChange> => {
        const { value } = await changes.next();
        assert.ok(value);
        return value;
      };
      return { watch, next, close: () => changes.return() };
    };

    for (const wire of wires) {
      describe(nameOf(wire), () => {
        let way: Wire;
        let catalog: NodeCatalog;
        const tokenStore = memoryTokenStore();
        before(async () => {
          way = await startWire(server.baseUrl);
          catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, tokenStore, pingIntervalMs: 200, retry: { baseDelayMs: 1 } });
          await catalog.session.signIn(ana);
        });
        after(async () => {
          catalog?.close();
          await way?.stop();
        });

        test("every change comes, with the product as it was after it", async () => {
          const { watch, next, close } = await follow(catalog, { filter: "operation = CREATED OR operation = UPDATED" });
          const product = await create();
          await writer.products.updateProduct({ product: { id: product.id, name: "Lantern" } });
          await writer.products.deleteProduct({ id: product.id });
          const last = await create();

          const changes = [await next(), await next(), await next()];
          assert.deepEqual(
            changes.map(({ operation, product }) => [operation, product?.name]),
            [
              [ProductChange_Operation.CREATED, "Lamp"],
              [ProductChange_Operation.UPDATED, "Lantern"],
              [ProductChange_Operation.CREATED, "Lamp"],
            ],
          );
          assert.equal(changes[2]?.productId, last.id);
          assert.equal(watch.cursor, await now());
          await close();
        });

        test("lost connections lose no change", async () => {
          const { next, close } = await follow(catalog);
          for (let round = 0; round < 3; round++) {
            const product = await create();
            assert.equal((await next()).productId, product.id);
            way.reset();
          }
          await close();
        });

        test("a connection that died without a word is given up", async () => {
          // HTTP/2 connections answer pings; where there are none, the missing heartbeat tells.
          const { next, close } = await follow(catalog, wire.httpVersion === "2" ? {} : { silenceMs: 500 });
          const first = await create();
          assert.equal((await next()).productId, first.id);
          way.freeze();
          const second = await create();
          assert.equal((await next()).productId, second.id);
          await close();
        });

        test("a token that the server does not take anymore is renewed", async () => {
          const tokens = await tokenStore.get();
          assert.ok(tokens);
          await tokenStore.set({ ...tokens, accessToken: "old" });
          const { next, close } = await follow(catalog);
          const waiting = next();
          const product = await create();
          assert.equal((await waiting).productId, product.id);
          await close();
        });

        test("a cursor that the history does not know ends the watch, and so does a bad filter", async () => {
          const lost = await follow(catalog, { cursor: (await now()).replace(/.$/, "?") });
          await assert.rejects(lost.next(), (error) => isReason(error, "CURSOR_INVALID"));
          const bad = await follow(catalog, { filter: "colour = 1" });
          await assert.rejects(bad.next(), (error) => isReason(error, "FILTER_INVALID"));
        });

        test("the end of the session ends the watch", async () => {
          const { next } = await follow(catalog);
          const waiting = next();
          const product = await create();
          assert.equal((await waiting).productId, product.id);
          await writer.auth.signOut({ refreshToken: (await tokenStore.get())?.refreshToken ?? "" });
          await assert.rejects(next(), (error) => isReason(error, "SESSION_ENDED"));
          assert.ok(!(await catalog.session.isSignedIn()));
        });
      });
    }
  });
}
