import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type * as Client from "@zebrands/catalog";
import { Code } from "@zebrands/catalog";
import { createCatalog } from "@zebrands/catalog/node";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { bundle, serve } from "./pages.js";
import { patience, until } from "./patience.js";
import { ana, databases, type Server, startServer } from "./server.js";

declare global {
  var client: typeof Client;
  var catalog: Client.Catalog;
  var store: Client.TokenStore;
  var changes: boolean[];
}

const example = new URL("../../examples/product-page/", import.meta.url);
const testPage = `
  import * as client from "@zebrands/catalog";
  globalThis.client = client;
  const address = new URLSearchParams(location.search);
  globalThis.catalog = client.createCatalog({
    baseUrl: address.get("catalog"),
    useBinaryFormat: address.has("binary"),
    tokenStore: (globalThis.store = client.browserTokenStore()),
  });
  globalThis.changes = [];
  catalog.session.onChange((signedIn) => changes.push(signedIn));
  document.title = "ready";`;
const reactPage = `
  import { createRoot } from "react-dom/client";
  import { createCatalog, formatMoney } from "@zebrands/catalog";
  import { CatalogProvider, createQueryClient, useCatalog, useProduct, useProducts, useSignedIn } from "@zebrands/catalog/react";

  const address = new URLSearchParams(location.search);
  const catalog = createCatalog({ baseUrl: address.get("catalog") });

  function App() {
    const { session } = useCatalog();
    const signedIn = useSignedIn();
    const one = useProduct({ sku: "LAMP-1" });
    const all = useProducts({ query: "lamp", pageSize: 1, orderBy: "sku" });
    return (
      <main>
        <h1>{one.data?.product?.name}</h1>
        <ul>{all.data?.pages.flatMap((page) => page.products).map((p) => <li key={p.id}>{formatMoney(p.price, "en-US")}</li>)}</ul>
        <button onClick={() => all.fetchNextPage()}>More</button>
        <button onClick={() => session.signIn(${JSON.stringify({ email: ana.email, password: ana.password })})}>Sign in</button>
        <output>{signedIn === undefined ? "…" : signedIn ? "signed in" : "anonymous"}</output>
      </main>
    );
  }
  createRoot(document.body).render(
    <CatalogProvider catalog={catalog} queryClient={createQueryClient()}><App /></CatalogProvider>);`;
const html = (script: string) =>
  `<!doctype html><html lang="en"><body><script type="module" src="${script}"></script></body></html>`;

describe("Chromium, from another origin", () => {
  let browser: Browser;
  let pages: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    pages = await serve({
      "/example/": await readFile(new URL("index.html", example), "utf8"),
      "/example/bundle/page.js": await bundle(await readFile(new URL("page.js", example), "utf8")),
      "/test.html": html("/test.js"),
      "/test.js": await bundle(testPage),
      "/react.html": html("/react.js"),
      "/react.js": await bundle(reactPage),
    });
    browser = await chromium.launch({
      executablePath: process.env.CATALOG_TEST_CHROMIUM ?? "/usr/bin/chromium",
      timeout: patience,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });
  after(async () => {
    await browser?.close();
    await pages?.stop();
  });

  for (const database of databases) {
    describe(database, () => {
      let server: Server;
      let context: BrowserContext;
      before(async () => {
        server = await startServer(database, { CATALOG_CORS_ORIGINS: pages.origin });
        const catalog = createCatalog({ baseUrl: server.baseUrl });
        await catalog.session.signIn(ana);
        await catalog.products.batchCreateProducts({
          requests: ["LAMP-1", "LAMP-2"].map((sku, i) => ({
            product: { sku, name: `Lamp ${i + 1}`, brand: "Acme", price: { amount: `${i + 1}299.90`, currencyCode: "USD" } },
          })),
        });
        catalog.close();
      });
      after(() => server?.stop());

      // What a test keeps, holds or leaves open ends with its context.
      beforeEach(async () => {
        context = await browser.newContext({ locale: "en-US" });
        context.setDefaultTimeout(patience);
      });
      afterEach(() => context?.close());

      const open = async (path: string, more = ""): Promise<Page> => {
        const page = await context.newPage();
        await page.goto(`${pages.origin}${path}?catalog=${encodeURIComponent(server.baseUrl)}${more}`);
        return page;
      };
      const openTest = async (more = "") => {
        const page = await open("/test.html", more);
        await page.waitForFunction(() => document.title === "ready");
        return page;
      };

      test("the example page shows a product, and asks nothing before it reads", async () => {
        const page = await context.newPage();
        const network = await context.newCDPSession(page);
        const sent: string[] = [];
        network.on("Network.requestWillBeSent", ({ request, type }) => {
          if (request.url.startsWith(server.baseUrl)) sent.push(`${type} ${request.method}`);
        });
        await network.send("Network.enable");
        await page.goto(`${pages.origin}/example/?sku=LAMP-1&catalog=${encodeURIComponent(server.baseUrl)}`);
        await page.getByRole("heading", { name: "Lamp 1" }).waitFor();
        assert.equal(await page.locator("#price").textContent(), "$1,299.90");
        assert.deepEqual(sent, ["Fetch GET"]);
        await page.goto(`${pages.origin}/example/?sku=NONE&catalog=${encodeURIComponent(server.baseUrl)}`);
        await page.getByText("There is no such product.").waitFor();
      });

      for (const format of ["", "&binary"]) {
        test(`an administrator works, in ${format === "" ? "JSON" : "protobuf"}`, async () => {
          const page = await openTest(format);
          const result = await page.evaluate(
            async ({ ana, sku }) => {
              const { catalog, client } = globalThis;
              const refused = await catalog.products.createProduct({ product: { sku } }).catch(client.reasonOf);
              const admin = await catalog.session.signIn(ana);
              const price = { amount: "5", currencyCode: "MXN" };
              const { product } = await catalog.products.createProduct({ product: { sku, name: "Desk", brand: "Acme", price } });
              const id = product?.id ?? "";
              await catalog.products.get({ id });
              await catalog.products.updateProduct({ product: { id, name: "Table" }, updateMask: { paths: ["name"] } });
              const renamed = (await catalog.products.get({ id })).name;
              const taken = await catalog.products
                .createProduct({ product: { sku, name: "D", brand: "A", price } })
                .catch(client.reasonOf);
              const fields = await catalog.products
                .createProduct({ product: { sku: `${sku}-2`, name: "", brand: "A", price } })
                .catch((error) => client.fieldViolations(error).map(({ field, reason }) => `${field} ${reason}`));
              const names: string[] = [];
              for await (const { name } of catalog.products.list({ pageSize: 1, filter: 'brand = "Acme"', orderBy: "name" }))
                names.push(name);
              const aborted = await catalog.products
                .listProducts({}, { signal: AbortSignal.abort() })
                .catch((error) => error.code === client.Code.Canceled);
              return { refused, admin: admin.name, renamed, taken, fields, found: names.includes("Table"), aborted };
            },
            { ana, sku: `DESK${format}` },
          );
          assert.deepEqual(result, {
            refused: "TOKEN_REQUIRED",
            admin: ana.name,
            renamed: "Table",
            taken: "SKU_TAKEN",
            fields: ["product.name REQUIRED"],
            found: true,
            aborted: true,
          });
        });
      }

      test("safe calls are GET without a question before; they are tried again, as are writes with a request id", async () => {
        const page = await openTest();
        const seen: { method: string; time: number; requestId?: string }[] = [];
        const refusals: ("lost" | "overloaded")[] = [];
        await page.route(`${server.baseUrl}/catalog.v1.ProductService/*`, async (route) => {
          const request = route.request();
          const { requestId } = request.method() === "POST" ? request.postDataJSON() : {};
          seen.push({ method: request.method(), time: performance.now(), requestId });
          const refusal = refusals.shift();
          if (refusal === "lost") return route.abort("connectionreset");
          if (refusal === undefined) return route.continue();
          const headers = { "Access-Control-Allow-Origin": pages.origin, "Access-Control-Expose-Headers": "Retry-After" };
          return route.fulfill({ status: 503, headers: { ...headers, "Retry-After": "1" } });
        });
        const list = () => page.evaluate(async () => (await catalog.products.listProducts({ pageSize: 1 })).products.length);

        refusals.push("lost", "overloaded");
        assert.equal(await list(), 1);
        assert.deepEqual(
          seen.map(({ method }) => method),
          ["GET", "GET", "GET"],
        );
        const [, second, third] = seen;
        assert.ok(second && third && third.time - second.time >= 1000, "not before Retry-After");

        seen.length = 0;
        refusals.push("lost");
        const reason = await page.evaluate(() =>
          catalog.products.createProduct({ product: { sku: "NEVER" } }).catch((error) => client.reasonOf(error)),
        );
        assert.equal(reason, "TOKEN_REQUIRED");
        assert.deepEqual(
          seen.map(({ method }) => method),
          ["POST", "POST"],
        );
        assert.ok(seen[0]?.requestId);
        assert.equal(seen[0].requestId, seen[1]?.requestId);
      });

      for (const format of ["", "&binary"]) {
        test(`a page watches changes over a crash of the server, in ${format === "" ? "JSON" : "protobuf"}`, async () => {
          const page = await openTest(format);
          const writer = createCatalog({ baseUrl: server.baseUrl });
          await writer.session.signIn(ana);
          const price = { amount: "5", currencyCode: "MXN" };
          const create = (sku: string) =>
            writer.products.createProduct({ product: { sku, name: "Chair", brand: "Seats", price } });
          const { nextCursor: cursor } = await writer.products.listProductChanges({ pageSize: 1 });
          const skus = page.evaluate(
            async ({ ana, cursor }) => {
              await catalog.session.signIn(ana);
              const skus: string[] = [];
              for await (const { sku } of catalog.products.watch({ cursor, filter: 'brand = "Seats"' })) {
                document.title = sku;
                if (skus.push(sku) === 2) break;
              }
              return skus;
            },
            { ana, cursor },
          );
          await create(`A${format}`);
          await page.waitForFunction((sku) => document.title === sku, `A${format}`);
          await server.crash();
          await create(`B${format}`);
          assert.deepEqual(await skus, [`A${format}`, `B${format}`]);
          writer.close();
        });
      }

      test("calls end with their deadline and with their signal while the server says nothing", async () => {
        const page = await openTest();
        await page.route(`${server.baseUrl}/catalog.v1.ProductService/*`, () => {});
        const codes = await page.evaluate(async () => {
          const controller = new AbortController();
          setTimeout(() => controller.abort(), 50);
          const calls = await Promise.allSettled([
            catalog.products.listProducts({}, { timeoutMs: 50 }),
            catalog.products.listProducts({}, { signal: controller.signal }),
          ]);
          return calls.map((call) => call.status === "rejected" && client.ConnectError.from(call.reason).code);
        });
        assert.deepEqual(codes, [Code.DeadlineExceeded, Code.Canceled]);
      });

      test("money is written and read as the reader's language does, digit by digit", async () => {
        const page = await openTest();
        const result = await page.evaluate(() => {
          const price = { amount: "92233720368547758.07", currencyCode: "USD" };
          const text = client.formatMoney(price, "en-US");
          return { text, back: client.parseMoney(text, "USD", "en-US"), more: client.multiplyMoney(price, "1.10").amount };
        });
        assert.deepEqual(result, {
          text: "$92,233,720,368,547,758.07",
          back: { amount: "92233720368547758.07", currencyCode: "USD" },
          more: "101457092405402533.88",
        });
      });

      test("two tabs share a session: one refresh for both, and signing out in one ends the other's", async () => {
        const one = await openTest();
        const two = await openTest();
        await one.evaluate((ana) => catalog.session.signIn(ana), ana);
        await two.waitForFunction(() => changes.at(-1) === true);
        let refreshes = 0;
        context.on("request", (request) => {
          if (request.method() === "POST" && request.url().endsWith("/RefreshSession")) refreshes++;
        });
        await one.evaluate(async () => {
          const tokens = await store.get();
          if (tokens !== undefined) await store.set({ ...tokens, accessToken: "gone" });
        });
        const callTenTimes = async () => {
          const answers = await Promise.all(Array.from({ length: 10 }, () => catalog.auth.getCurrentAdmin({})));
          return answers.map(({ admin }) => admin?.email).join();
        };
        const answers = await Promise.all([one.evaluate(callTenTimes), two.evaluate(callTenTimes)]);
        assert.deepEqual(answers, Array(2).fill(Array(10).fill(ana.email).join()));
        await until("the browser told of a refresh", () => refreshes > 0);
        assert.equal(refreshes, 1);

        await two.evaluate(() => catalog.session.signOut());
        await one.waitForFunction(() => changes.at(-1) === false);
        assert.equal(await one.evaluate(() => catalog.session.isSignedIn()), false);
      });

      test("hooks show a product, pages of products, and who is signed in", async () => {
        const page = await open("/react.html");
        await page.getByRole("heading", { name: "Lamp 1" }).waitFor();
        await page.getByText("$1,299.90").waitFor();
        await page.getByText("anonymous").waitFor();
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByText("signed in", { exact: true }).waitFor();
        await page.getByRole("button", { name: "More" }).click();
        await page.getByRole("listitem").nth(1).waitFor();
      });

      test("what is read again comes from the browser's cache, and the server is asked and counts each time", async () => {
        const admin = createCatalog({ baseUrl: server.baseUrl });
        await admin.session.signIn(ana);
        const price = { amount: "1", currencyCode: "USD" };
        const { products } = await admin.products.batchCreateProducts({
          requests: ["SOFA-1", "SOFA-2"].map((sku) => ({ product: { sku, name: "Sofa", brand: "Other", price } })),
        });
        const [sofa, last] = products.map(({ id }) => id);

        const page = await openTest();
        const network = await context.newCDPSession(page);
        const reads: string[] = [];
        network.on("Network.requestWillBeSent", ({ request, requestId }) => {
          if (request.url.includes("/GetProduct?")) reads.push(requestId);
        });
        // What went over the wire: a script sees 200 in either case. Chromium may tell of it after the script goes on.
        const statuses = new Map<string, number>();
        network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
          statuses.set(requestId, statusCode);
        });
        await network.send("Network.enable");
        const read = (sku: string) => page.evaluate(async (sku) => (await catalog.products.get({ sku })).name, sku);

        for (let i = 0; i < 3; i++) assert.equal(await read("SOFA-1"), "Sofa");
        await admin.products.updateProduct({ product: { id: sofa ?? "", name: "Couch" }, updateMask: { paths: ["name"] } });
        for (let i = 0; i < 2; i++) assert.equal(await read("SOFA-1"), "Couch");
        await until("Chromium told of every answer", () => reads.every((id) => statuses.has(id)));
        assert.deepEqual(
          reads.map((id) => statuses.get(id)),
          [200, 304, 304, 200, 304],
        );

        await read("SOFA-2");
        // Chromium says that it is headless, and so counts as a robot.
        const views = async (productId = "") => Number((await admin.tracking.queryProductViews({ productId })).totalBotViews);
        await until("the last read was counted", async () => (await views(last)) > 0);
        assert.equal(await views(sofa), 5);
        admin.close();
      });
    });
  }
});
