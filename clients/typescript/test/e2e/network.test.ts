import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, isReason, memoryTokenStore, retryDelay } from "@zebrands/catalog";
import { createCatalog, type NodeCatalog } from "@zebrands/catalog/node";
import { startProxy, startWire } from "./network.js";
import { patience } from "./patience.js";
import { ana, databases, type Server, startServer } from "./server.js";
import { nameOf, wires } from "./wires.js";

const product = (sku: string) => ({ sku, name: "Lamp", brand: "Acme", price: { amount: "1", currencyCode: "MXN" } });

for (const database of databases) {
  describe(`a network that fails, on ${database}`, () => {
    let server: Server;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server?.stop());

    /** Runs a test with a client, and stops what it used. */
    const using = async (stop: () => Promise<void>, catalog: NodeCatalog, work: () => Promise<void>) => {
      try {
        await work();
      } finally {
        catalog.close();
        await stop();
      }
    };

    for (const wire of wires) {
      describe(nameOf(wire), () => {
        test("a safe call is tried again when its connection is lost", async () => {
          const way = await startWire(server.baseUrl);
          way.cut = 2;
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, retry: { baseDelayMs: 1 } });
          await using(way.stop, catalog, async () => {
            await catalog.products.listProducts({ pageSize: 1 });
            assert.equal(way.connections, 3);
          });
        });

        test("a write whose response is lost is tried again, and done once", async () => {
          const way = await startWire(server.baseUrl);
          const tokenStore = memoryTokenStore();
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, tokenStore, retry: { baseDelayMs: 1 } });
          await using(way.stop, catalog, async () => {
            const direct = createCatalog({ baseUrl: server.baseUrl, tokenStore });
            await direct.session.signIn(ana);
            way.loseResponses = 2;
            const { product: created } = await catalog.products.createProduct({ product: product(`${nameOf(wire)}-once`) });
            assert.equal(way.connections, 3);
            assert.ok(created);
            assert.equal((await direct.products.changes({ productId: created.id }).toArray()).length, 1);
            direct.close();
          });
        });

        test("a refresh whose answer is lost is sent again, and the session goes on", async () => {
          const way = await startWire(server.baseUrl);
          const tokenStore = memoryTokenStore();
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, tokenStore, retry: { baseDelayMs: 1 } });
          await using(way.stop, catalog, async () => {
            const direct = createCatalog({ baseUrl: server.baseUrl, tokenStore });
            await direct.session.signIn(ana);
            for (let generation = 0; generation < 2; generation++) {
              const tokens = await tokenStore.get();
              assert.ok(tokens);
              tokenStore.set({ ...tokens, refreshTime: 0 });
              way.reset();
              way.loseResponses = 2;
              assert.equal((await catalog.auth.getCurrentAdmin({})).admin?.name, ana.name);
              assert.equal(way.loseResponses, 0);
              assert.notEqual((await tokenStore.get())?.refreshToken, tokens.refreshToken);
            }
            direct.close();
          });
        });

        test("a client that dies before it has the answer leaves a session that the next one takes up", async () => {
          const tokenStore = memoryTokenStore();
          const direct = createCatalog({ baseUrl: server.baseUrl, tokenStore });
          await direct.session.signIn(ana);
          const before = await tokenStore.get();
          assert.ok(before);
          const lost = await direct.auth.refreshSession({ refreshToken: before.refreshToken });
          const next = createCatalog({ baseUrl: server.baseUrl, ...wire, tokenStore: memoryTokenStore() });
          const again = await next.auth.refreshSession({ refreshToken: before.refreshToken });
          assert.equal(again.refreshToken, lost.refreshToken);

          // Once that was used, the old one is a stolen one.
          await next.auth.refreshSession({ refreshToken: again.refreshToken });
          await assert.rejects(direct.auth.refreshSession({ refreshToken: before.refreshToken }), (error) =>
            isReason(error, "REFRESH_TOKEN_REUSED"),
          );
          direct.close();
          next.close();
        });

        test("without a request id it is not", async () => {
          const way = await startWire(server.baseUrl);
          way.cut = 1;
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, retry: { baseDelayMs: 1 }, requestIds: false });
          await using(way.stop, catalog, async () => {
            await assert.rejects(catalog.products.createProduct({ product: product("never") }), { code: Code.Unavailable });
            assert.equal(way.connections, 1);
          });
        });

        test("a call ends with its deadline, and with its signal, while the server says nothing", async () => {
          const way = await startWire(server.baseUrl);
          way.silent = true;
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, timeoutMs: 60 });
          await using(way.stop, catalog, async () => {
            await assert.rejects(catalog.products.listProducts({}), { code: Code.DeadlineExceeded });
            await assert.rejects(catalog.products.listProducts({}, { timeoutMs: 30 }), { code: Code.DeadlineExceeded });
            const controller = new AbortController();
            way.onConnection = () => controller.abort();
            const other = createCatalog({ baseUrl: way.baseUrl, ...wire });
            await assert.rejects(other.products.listProducts({}, { signal: controller.signal }), { code: Code.Canceled });
            other.close();
          });
        });

        test("after a connection that died without a word, calls go over another one", async () => {
          const way = await startWire(server.baseUrl);
          const retry = { baseDelayMs: 1, attemptTimeoutMs: 300, maxAttempts: 1000 };
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, timeoutMs: patience, retry });
          await using(way.stop, catalog, async () => {
            await catalog.session.signIn(ana);
            for (let round = 1; round <= 2; round++) {
              const before = way.connections;
              way.freeze();
              const names = ["a", "b", "c"].map((letter) => `${nameOf(wire)}-died-${round}${letter}`);
              await Promise.all([
                ...names.map((name) => catalog.products.createProduct({ product: product(name) })),
                ...names.map(() => catalog.products.listProducts({ pageSize: 1 })),
              ]);
              assert.ok(way.connections > before);
              const { product: found } = await catalog.products.getProduct({ key: { case: "sku", value: names[0] ?? "" } });
              assert.equal(found?.name, "Lamp");
            }
          });
        });

        test("a call that is tried once ends with its deadline, and the next one goes over another connection", async () => {
          const way = await startWire(server.baseUrl);
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, retry: false });
          await using(way.stop, catalog, async () => {
            await catalog.products.listProducts({ pageSize: 1 });
            way.freeze();
            // Several at once on one connection: what one of them does to it must not keep the others from noticing.
            const calls = Array.from({ length: wire.httpVersion === "2" ? 3 : 1 }, () =>
              catalog.products.listProducts({}, { timeoutMs: 100 }),
            );
            for (const call of calls) await assert.rejects(call, { code: Code.DeadlineExceeded });
            await catalog.products.listProducts({ pageSize: 1 }, { timeoutMs: patience });
            assert.ok(way.connections >= 2);
          });
        });

        test("a connection that is not made in time is given up", async () => {
          const way = await startWire(server.baseUrl);
          way.silent = true;
          way.onConnection = () => {
            way.silent = way.connections < 3;
          };
          const retry = { baseDelayMs: 1, attemptTimeoutMs: 300, maxAttempts: 1000 };
          const catalog = createCatalog({ baseUrl: way.baseUrl, ...wire, timeoutMs: patience, retry });
          await using(way.stop, catalog, async () => {
            await catalog.products.listProducts({ pageSize: 1 });
            assert.ok(way.connections >= 3);
          });
        });

        if (wire.httpVersion === "2") {
          test("a connection that does not answer a ping is closed, and its calls end", async () => {
            const way = await startWire(server.baseUrl);
            const catalog = createCatalog({
              baseUrl: way.baseUrl,
              ...wire,
              timeoutMs: patience,
              retry: false,
              pingIntervalMs: 200,
            });
            await using(way.stop, catalog, async () => {
              await catalog.products.listProducts({ pageSize: 1 });
              way.freeze();
              const call = catalog.products.listProducts({ pageSize: 1 });
              await assert.rejects(call, { code: Code.Unavailable });
              await catalog.products.listProducts({ pageSize: 1 });
              assert.equal(way.connections, 2);
            });
          });
          return;
        }

        test("an overloaded server is left alone for as long as it asks for", async () => {
          const proxy = await startProxy(server.baseUrl);
          proxy.overload = { requests: 1, retryAfter: 1 };
          const catalog = createCatalog({ baseUrl: proxy.baseUrl, ...wire, retry: { baseDelayMs: 1 } });
          await using(proxy.stop, catalog, async () => {
            await catalog.products.listProducts({ pageSize: 1 });
            const [first, second] = proxy.seen;
            assert.equal(proxy.seen.length, 2);
            assert.ok(first && second && second.time - first.time >= 1000, "not before Retry-After");

            // What it asks for may be too long for whoever waits: then the call fails, and the error says how long it is.
            proxy.overload = { requests: 1, retryAfter: 3600 };
            await assert.rejects(catalog.products.listProducts({}), (error) => retryDelay(error) === 3_600_000);
            assert.equal(proxy.seen.length, 3);
          });
        });

        test("safe calls over Connect are GET, others and long ones POST", async () => {
          const proxy = await startProxy(server.baseUrl);
          const catalog = createCatalog({ baseUrl: proxy.baseUrl, ...wire });
          await using(proxy.stop, catalog, async () => {
            await catalog.session.signIn(ana);
            await catalog.products.listProducts({ pageSize: 1 });
            await catalog.products.createProduct({ product: product(`${nameOf(wire)}-get`) });
            await catalog.products
              .batchGetProducts({ skus: Array.from({ length: 300 }, (_, i) => `sku-${i}`) })
              .catch((error) => {
                assert.ok(isReason(error, "PRODUCT_NOT_FOUND"));
              });
            const get = wire.protocol === "connect" ? "GET" : "POST";
            assert.deepEqual(
              proxy.seen.map(({ method, path }) => `${method} ${path.replace(/.*\/|\?.*/g, "")}`),
              ["POST SignIn", `${get} ListProducts`, "POST CreateProduct", "POST BatchGetProducts"],
            );
          });
        });
      });
    }
  });
}
