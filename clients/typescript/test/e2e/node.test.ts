import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, errorMetadata, fieldViolations, isReason, type Reason } from "@zebrands/catalog";
import { createCatalog, type NodeCatalog } from "@zebrands/catalog/node";
import { ana, databases, type Server, startServer } from "./server.js";
import { nameOf, wires } from "./wires.js";

const price = { amount: "129.90", currencyCode: "MXN" };

function refusedFor(reason: Reason) {
  return (error: unknown) => {
    assert.ok(isReason(error, reason), `want ${reason}, got ${error}`);
    return true;
  };
}

for (const database of databases) {
  describe(database, () => {
    let server: Server;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server?.stop());

    for (const wire of wires) {
      const name = nameOf(wire);
      describe(name, () => {
        const brand = name.replace(/\W+/g, "-");
        let anonymous: NodeCatalog;
        let catalog: NodeCatalog;
        before(async () => {
          anonymous = createCatalog({ baseUrl: server.baseUrl, ...wire });
          catalog = createCatalog({ baseUrl: server.baseUrl, ...wire });
          assert.equal((await catalog.session.signIn(ana)).name, ana.name);
        });
        after(() => {
          anonymous?.close();
          catalog?.close();
        });

        const make = async (sku: string) => {
          const { product } = await catalog.products.createProduct({
            product: { sku: `${brand}-${sku}`, name: sku, brand, price },
          });
          assert.ok(product);
          return product;
        };

        test("what an administrator writes, anybody reads", async () => {
          const { id, sku } = await make("lamp");
          const { product } = await catalog.products.updateProduct({
            product: { id, price: { ...price, amount: "99" } },
            updateMask: { paths: ["price"] },
          });
          assert.equal(product?.price?.amount, "99.00");
          assert.deepEqual(await anonymous.products.get({ sku }), product);
          assert.deepEqual((await catalog.products.get({ id })).etag, product.etag);
          const changes = await catalog.products.changes({ productId: id }).toArray();
          assert.deepEqual(
            changes.map((change) => change.actorName),
            [ana.name, ana.name],
          );
        });

        test("a list is read over its pages", async () => {
          const requests = Array.from({ length: 7 }, (_, i) => ({
            product: { sku: `${brand}-page-${i}`, name: `Page ${i}`, brand, price, tags: ["paged"] },
          }));
          await catalog.products.batchCreateProducts({ requests });
          const list = anonymous.products.list({ filter: `brand = "${brand}" AND tags:"paged"`, orderBy: "sku", pageSize: 3 });
          const skus: string[] = [];
          for await (const product of list) skus.push(product.sku);
          assert.deepEqual(
            skus,
            requests.map(({ product }) => product.sku),
          );
          let pages = 0;
          for await (const _ of list.pages()) pages++;
          assert.equal(pages, 3);
        });

        test("a request that is too long for an address is sent all the same", async () => {
          const { id } = await make("many");
          const { products } = await anonymous.products.batchGetProducts({ ids: Array.from({ length: 300 }, () => id) });
          assert.ok(products.length > 0);
        });

        test("errors have reasons, and name what is to blame", async () => {
          const { id, sku } = await make("taken");
          await assert.rejects(
            catalog.products.createProduct({ product: { sku, name: "Other", brand, price } }),
            (error) => refusedFor("SKU_TAKEN")(error) && Object.values(errorMetadata(error)).includes(id),
          );
          await assert.rejects(
            catalog.products.createProduct({
              product: { sku: `${brand}-bad`, name: "", brand, price: { ...price, amount: "1.999" } },
            }),
            (error) => {
              assert.deepEqual(
                fieldViolations(error).map(({ field, reason }) => [field, reason]),
                [
                  ["product.name", "REQUIRED"],
                  ["product.price.amount", "TOO_MANY_DECIMALS"],
                ],
              );
              return true;
            },
          );
          await assert.rejects(anonymous.products.get({ sku: "nothing" }), refusedFor("PRODUCT_NOT_FOUND"));
          await assert.rejects(anonymous.products.deleteProduct({ id }), refusedFor("TOKEN_REQUIRED"));
          await assert.rejects(anonymous.products.list({ filter: "((" }).toArray(), refusedFor("FILTER_INVALID"));
        });

        test("an administrator proves who they are again, and the session goes on", async () => {
          await assert.rejects(catalog.session.reauthenticate({ password: "wrong" }), refusedFor("PASSWORD_INCORRECT"));
          const time = await catalog.session.reauthenticate({ password: ana.password });
          assert.ok(Math.abs(time.getTime() - Date.now()) < 60_000);
          const { admin: bea } = await catalog.admins.createAdmin({
            admin: { email: `${brand}@example.com`, name: "Bea" },
            password: "battery horse staple",
          });
          await catalog.admins.deleteAdmin({ id: bea?.id ?? "" });
          assert.equal(catalog.session.signOutReason, undefined);
        });

        test("calls end with their signal", async () => {
          const signal = AbortSignal.abort();
          await assert.rejects(anonymous.products.listProducts({}, { signal }), { code: Code.Canceled });
        });

        test("a rejected access token is renewed, once for many callers, and the session goes on", async () => {
          let tokens = await catalogTokens();
          const store = {
            get: () => tokens,
            set: (next: typeof tokens | undefined) => {
              assert.ok(next);
              tokens = next;
            },
          };
          const shared = createCatalog({ baseUrl: server.baseUrl, ...wire, tokenStore: store });
          const before = tokens.refreshToken;
          tokens = { ...tokens, accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA` };
          await Promise.all(Array.from({ length: 10 }, () => shared.auth.getCurrentAdmin({})));
          assert.notEqual(tokens.refreshToken, before);
          assert.equal((await shared.auth.getCurrentAdmin({})).admin?.email, ana.email);
          shared.close();
        });

        test("a session that was revoked is over", async () => {
          const other = createCatalog({ baseUrl: server.baseUrl, ...wire });
          await other.session.signIn(ana);
          const { sessions } = await other.auth.listSessions({});
          const own = sessions.find(({ current }) => current);
          assert.ok(own);
          await catalog.auth.revokeSession({ id: own.id });
          await assert.rejects(other.auth.getCurrentAdmin({}), refusedFor("SESSION_ENDED"));
          assert.ok(!(await other.session.isSignedIn()));
          other.close();
        });

        test("signing out ends the session on the server", async () => {
          const tokens = await catalogTokens();
          const other = createCatalog({ baseUrl: server.baseUrl, ...wire, tokenStore: { get: () => tokens, set: () => {} } });
          await other.session.signOut();
          await assert.rejects(other.auth.getCurrentAdmin({}), refusedFor("SESSION_ENDED"));
          other.close();
        });

        test("every service answers", async () => {
          assert.deepEqual(
            (await catalog.admins.list().toArray()).map(({ email }) => email),
            [ana.email],
          );
          await catalog.notifications.list({ pageSize: 1 }).toArray(1);
          await catalog.tracking.listTopProducts({});
        });

        /** The tokens of a new session. */
        async function catalogTokens() {
          let kept: { accessToken: string; refreshToken: string } | undefined;
          const source = createCatalog({
            baseUrl: server.baseUrl,
            ...wire,
            tokenStore: {
              get: () => kept,
              set: (tokens) => {
                kept = tokens;
              },
            },
          });
          await source.session.signIn(ana);
          source.close();
          assert.ok(kept);
          return { accessToken: kept.accessToken, refreshToken: kept.refreshToken };
        }
      });
    }
  });
}

test("a server that is not there is unavailable, after every try", async () => {
  // Nothing listens on port 1: every try fails.
  const nowhere = createCatalog({ baseUrl: "http://127.0.0.1:1", retry: { maxAttempts: 3, baseDelayMs: 1 } });
  await assert.rejects(nowhere.products.listProducts({}), { code: Code.Unavailable });
  nowhere.close();
});
