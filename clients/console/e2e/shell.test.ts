import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertAccessible, checkPage, launchBrowser, settled, signIn, visit } from "./harness/browser";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** Presses two keys after each other, however slow the machine is: the second has to come within a second of the first. */
async function pressPair(page: Page, first: string, second: string): Promise<void> {
  await Promise.all([page.keyboard.press(first), page.keyboard.press(second)]);
}

test("two keys lead to every page of the console", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    const pages = {
      a: "administrators",
      k: "api-keys",
      e: "security-events",
      i: "import",
      r: "reports",
      n: "notifications",
      m: "profile",
      p: "products",
    };
    for (const [key, path] of Object.entries(pages)) {
      await pressPair(page, "g", key);
      await page.waitForURL(`**/admin/${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
    }
    await pressPair(page, "g", "s");
    await page.waitForURL(`${server.url}/`);
  });
});

test("the palette finds pages, and the account's menu changes theme and language at once", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Commands" }).fill("admin");
    await assertAccessible(page, "palette");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/admin/administrators");

    await page.getByRole("button", { name: "Your account" }).first().click();
    await assertAccessible(page, "account menu");
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await page.getByRole("menuitemradio", { name: "Español" }).click();
    await page.locator("html[data-theme=dark]").waitFor();
    await page.getByRole("link", { name: "Productos" }).first().waitFor();
    await page.keyboard.press("Escape");

    // Another tab follows.
    const other = await page.context().newPage();
    await other.goto("/");
    await other.getByLabel("Tema").selectOption("light");
    await page.waitForFunction(() => document.documentElement.dataset["theme"] === "light");
  });
});

test("on a phone the navigation is in reach of the thumb", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  await visit(
    browser,
    server.url,
    async ({ page }) => {
      await signIn(page);
      const bar = page.getByRole("navigation", { name: "Console" });
      await bar.getByRole("link", { name: "Notifications" }).tap();
      await page.waitForURL("**/admin/notifications");
      await bar.getByRole("button", { name: "More" }).tap();
      await page.getByRole("menuitem", { name: "Administrators" }).tap();
      await page.waitForURL("**/admin/administrators");
    },
    phone,
  );
});

test("an address that leads nowhere says so", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(/status of 404/);
    const answer = await page.goto("/no/such/page");
    assert.equal(answer?.status(), 404);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await checkPage(page, "not-found");
  });
});

test("what no page understands is left out of an address, not asked for", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    const pages: Record<string, { asked: string; stays: string }> = {
      "/": { asked: "?q=lamp&min=cheap&currency=pesos&sort=luck&utm_source=mail", stays: "?q=lamp" },
      "/admin/products": { asked: "?sort=updated&min=5&max=-1&deleted=yes", stays: "?min=5" },
      "/admin/reports": { asked: "?period=ever&top=all", stays: "" },
      "/admin/notifications": { asked: "?status=lost", stays: "" },
      "/admin/administrators": { asked: "?deleted=maybe&page=2", stays: "" },
    };
    for (const [path, { asked, stays }] of Object.entries(pages)) {
      await page.goto(path + asked);
      await page.waitForURL(server.url + path + stays);
      await settled(page);
      assert.equal(page.url(), server.url + path + stays);
      assert.equal(await page.getByRole("alert").count(), 0, path);
    }
  });
});
