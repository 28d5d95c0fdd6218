import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchBrowser, signIn, visit } from "./harness/browser";
import { until } from "./harness/patience";
import { type PlainWay, startPlainWay } from "./harness/proxy";
import { ana, type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;
let way: PlainWay;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  way = await startPlainWay(server.url);
});

afterEach(async () => {
  await way?.stop();
  await server?.stop();
});

after(() => browser?.close());

const refresh = "AuthService/RefreshSession";
/** What the browser says about pages that are not secure. */
const plain = /Cross-Origin-Opener-Policy header has been ignored/;
/** What it says about connections that the tests cut. */
const lost = /ERR_EMPTY_RESPONSE|ERR_CONNECTION|ERR_INCOMPLETE/;

const cookie = async (context: BrowserContext) => (await context.cookies()).find(({ name }) => name === "catalog_refresh")?.value;

const signedIn = (page: Page) => page.getByRole("button", { name: "Your account" }).filter({ hasText: ana.name }).waitFor();

/** Holds every answer of a refresh until it is released. */
function holdAnswers() {
  const release = Promise.withResolvers<void>();
  const hold = { answered: 0, release: release.resolve };
  way.onAnswer = async (method) => {
    if (method !== refresh) return;
    hold.answered++;
    await release.promise;
  };
  return hold;
}

/** Fails if the session has ended: another refresh gets nothing then. */
async function requireSession(context: BrowserContext, pages: readonly Page[]): Promise<void> {
  way.onAnswer = () => undefined;
  await Promise.all(pages.map(signedIn));
  const other = await context.newPage();
  await other.goto("/admin/products");
  await signedIn(other);
  for (const page of pages) {
    await page.reload();
    await signedIn(page);
  }
}

test("a page whose refresh is answered in vain asks again and stays signed in", async () => {
  await visit(browser, way.url, async ({ page, context, expectConsole }) => {
    expectConsole(plain, lost);
    await signIn(page);
    assert.equal(await page.evaluate(() => isSecureContext || "locks" in navigator), false);
    let cuts = 2;
    way.onAnswer = (method, connection) => {
      if (method === refresh && cuts-- > 0) connection.cut();
    };
    await page.reload();
    await signedIn(page);
    assert.ok(cuts <= 0);
    await requireSession(context, [page]);
  });
});

test("a page that is reloaded while it resumes stays signed in", async () => {
  await visit(browser, way.url, async ({ page, context, expectConsole }) => {
    expectConsole(plain, lost);
    await signIn(page);
    const hold = holdAnswers();
    for (let reload = 1; reload <= 2; reload++) {
      await page.reload({ waitUntil: "commit" });
      await until("the server answered", () => hold.answered >= reload);
    }
    hold.release();
    await signedIn(page);
    await requireSession(context, [page]);
  });
});

test("a tab that is closed while it resumes leaves the others signed in", async () => {
  await visit(browser, way.url, async ({ page, context, expectConsole }) => {
    expectConsole(plain, lost);
    await signIn(page);
    const hold = holdAnswers();
    const other = await context.newPage();
    await other.goto("/admin/products", { waitUntil: "commit" });
    await until("the server answered", () => hold.answered === 1);
    const before = await cookie(context);
    await other.close();
    await page.evaluate(() => fetch("/version").then((response) => response.text())); // by now the browser has ended what it ends
    hold.release();
    await until("the browser got the answer although its tab is gone", async () => (await cookie(context)) !== before);
    await requireSession(context, [page]);
  });
});

test("tabs on plain http that resume at the same time take turns", async () => {
  await visit(browser, way.url, async ({ page, context, expectConsole }) => {
    expectConsole(plain);
    await signIn(page);
    await context.addInitScript(countLeases);
    const others = await Promise.all([context.newPage(), context.newPage()]);
    const refreshes = { atOnce: 0, most: 0 };
    way.onAnswer = async (method) => {
      if (method !== refresh) return;
      refreshes.most = Math.max(refreshes.most, ++refreshes.atOnce);
      await until("the other tab refreshed, too, or waited for its turn", async () => {
        const waits = await Promise.all(others.map((other) => other.evaluate(() => window.leases ?? 0).catch(() => 0)));
        return refreshes.most > 1 || waits.every((count) => count >= 3);
      });
      refreshes.atOnce--;
    };
    await Promise.all(others.map((other) => other.goto("/admin/administrators")));
    await Promise.all(others.map(signedIn));
    assert.equal(refreshes.most, 1);
    await requireSession(context, [page, ...others]);
  });
});

test("tabs that cannot take turns refresh at the same time and stay signed in", async () => {
  await visit(browser, way.url, async ({ page, context, expectConsole }) => {
    expectConsole(plain);
    await signIn(page);
    await context.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
    const together = Promise.withResolvers<void>();
    let answered = 0;
    way.onAnswer = async (method) => {
      if (method !== refresh) return;
      if (++answered === 2) together.resolve();
      await together.promise;
    };
    const others = await Promise.all([context.newPage(), context.newPage()]);
    await Promise.all(others.map((other) => other.goto("/admin/administrators")));
    await Promise.all(others.map(signedIn));
    assert.equal(answered, 2);
    await requireSession(context, [page, ...others]);
  });
});

declare global {
  interface Window {
    /** How often the page looked at the lease of the lock between pages. */
    leases?: number;
  }
}

/** Runs in the page, before its scripts. */
function countLeases(): void {
  const { transaction } = IDBDatabase.prototype;
  window.leases = 0;
  IDBDatabase.prototype.transaction = function (...args) {
    if (args[0] === "leases") window.leases = (window.leases ?? 0) + 1;
    return transaction.apply(this, args);
  };
}
