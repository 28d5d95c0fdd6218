import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiKey_Access, isReason, type Reason } from "@zebrands/catalog";
import { createCatalog, type NodeCatalog } from "@zebrands/catalog/node";
import { patience } from "./patience.js";
import { ana, databases, type Server, startServer } from "./server.js";
import { nameOf, wires } from "./wires.js";

const product = (sku: string) => ({ sku, name: sku, brand: "Acme", price: { amount: "1", currencyCode: "MXN" } });

function refusedFor(reason: Reason) {
  return (error: unknown) => {
    assert.ok(isReason(error, reason), `want ${reason}, got ${error}`);
    return true;
  };
}

for (const database of databases) {
  describe(`API keys, on ${database}`, () => {
    let server: Server;
    let admin: NodeCatalog;
    before(async () => {
      server = await startServer(database);
      admin = createCatalog({ baseUrl: server.baseUrl });
    });
    after(async () => {
      admin?.close();
      await server?.stop();
    });

    const createKey = async (name: string, access: ApiKey_Access) => {
      await admin.session.signIn(ana); // creating and revoking keys needs a fresh proof
      const { apiKey, secret } = await admin.auth.createApiKey({ name, access });
      assert.ok(apiKey);
      return { id: apiKey.id, secret };
    };

    for (const wire of wires) {
      describe(nameOf(wire), () => {
        const sku = (name: string) => `${name}-${nameOf(wire).replace(/\W+/g, "-")}`;
        const connect = (apiKey: string | (() => string | Promise<string>)) =>
          createCatalog({ baseUrl: server.baseUrl, ...wire, apiKey });

        test("a key that may write is the actor of what it writes", async () => {
          const { id, secret } = await createKey("erp", ApiKey_Access.WRITE);
          const erp = connect(secret);
          const { product: created } = await erp.products.createProduct({ product: product(sku("WRITE")) });
          assert.ok(created);
          const [change] = await admin.products.changes({ productId: created.id }).toArray(1);
          assert.equal(change?.actorName, `erp (key of ${ana.name})`);
          assert.equal(change?.actorId, id);
          assert.equal(change?.apiKeyId, id);
          assert.equal(await erp.session.isSignedIn(), false);
          erp.close();
        });

        test("a key that may read is refused what writes, and every key what is for people", async () => {
          const { secret } = await createKey("shop", ApiKey_Access.READ);
          let asked = 0;
          const shop = connect(async () => {
            asked++;
            return secret;
          });
          await shop.products.list({ showDeleted: true, pageSize: 1 }).toArray(1);
          await shop.products.changes({ pageSize: 1 }).toArray(1);
          assert.equal(asked, 2);
          await assert.rejects(shop.products.createProduct({ product: product(sku("READ")) }), refusedFor("API_KEY_FORBIDDEN"));
          await assert.rejects(shop.admins.list().toArray(), refusedFor("API_KEY_FORBIDDEN"));
          await assert.rejects(shop.session.signIn(ana), refusedFor("API_KEY_FORBIDDEN"));
          shop.close();
        });

        test("a watch ends when its key is revoked", async () => {
          const { id, secret } = await createKey("watcher", ApiKey_Access.READ);
          const watcher = connect(secret);
          const { nextCursor } = await watcher.products.listProductChanges({ pageSize: 1 });
          const watch = watcher.products.watch({ cursor: nextCursor, signal: AbortSignal.timeout(patience) });
          const changes = watch[Symbol.asyncIterator]();
          const first = changes.next();
          await admin.products.createProduct({ product: product(sku("WATCHED")) });
          assert.equal((await first).value?.sku, sku("WATCHED"));
          const ended = assert.rejects(changes.next(), refusedFor("API_KEY_INVALID"));
          await admin.auth.revokeApiKey({ id });
          await ended;
          await assert.rejects(watcher.products.list().toArray(), refusedFor("API_KEY_INVALID"));
          watcher.close();
        });
      });
    }
  });
}
