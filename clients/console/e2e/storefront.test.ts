import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page, Request } from "playwright-core";
import { assertAccessible, checkPage, launchBrowser, settled, visit } from "./harness/browser";
import { until } from "./harness/patience";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

/** Sixty lamps of Lumen, and a few products that are looked for. */
const csv = [
  "sku,name,brand,price,currency,description,tags,attributes",
  ...Array.from({ length: 60 }, (_, n) => `LAMP-${n},Lamp number ${n},Lumen,${10 + n}.50,USD,,light,`),
  'TV-12,"Kitchen TV 12""","O""Hara \\ Sons",149.90,USD,Hangs below a cupboard.,"kitchen,sale","{""Colour"":""White"",""Screen"":""12 inches""}"',
  "SOFA-1,Sofá crème,Muebles Río,8999.00,MXN,Para tres personas.,sala,",
].join("\n");

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.importCsv(csv);
});

afterEach(() => server?.stop());

after(() => browser?.close());

const cards = (page: Page) => page.getByRole("list", { name: "Products" }).getByRole("listitem");

test("the list grows while somebody scrolls, to its end", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/");
    await page.getByText("24+ products").waitFor();
    await checkPage(page, "storefront");
    await until("scrolling came to the list's end", async () => {
      await page.mouse.wheel(0, 4_000);
      await settled(page);
      return await page.getByText("62 products").isVisible();
    });
    assert.equal(await cards(page).count(), 62);
  });
});

test("typing searches; accents and case do not matter; the words are in the address", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.clock.install();
    await page.goto("/");
    await page.getByText("24+ products").waitFor();
    await page.keyboard.press("/");
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("ListProducts")) asked.push(request.url());
    });
    // The page's time stands still meanwhile: however slow the machine is, nobody pauses between two letters.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
    await page.keyboard.type("SOFA creme");
    await page.clock.resume();
    await page.getByText("1 product", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Sofá crème" }).waitFor();
    assert.equal(asked.length, 1, `${asked.length} calls for ten letters`);
    assert.equal(new URL(page.url()).search, "?q=SOFA+creme");
    await page.goBack();
    await page.getByRole("heading", { name: "All products" }).waitFor();
    const search = page.getByRole("searchbox", { name: "Search products" });
    await until("the field was empty", async () => (await search.inputValue()) === "");

    await page.goto("/?q=nothing+like+that");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await checkPage(page, "storefront-nothing");
    await page.getByRole("button", { name: "Clear all" }).click();
    await page.getByText("24+ products").waitFor();
  });
});

test("brands and prices narrow the list, whatever characters they have", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/");
    await page.getByLabel("Find a brand").fill("hara");
    await page.getByLabel('O"Hara \\ Sons').check();
    await page.getByText("1 product", { exact: true }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("brand"), 'O"Hara \\ Sons');

    await page.getByLabel("Find a brand").fill("");
    await page.getByLabel("Lumen").check();
    await page.getByText("24+ products").waitFor();
    await page.getByLabel("From").fill("60");
    await page.getByLabel("To").fill("abc");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("alert").filter({ hasText: "Write an amount such as 129.90." }).waitFor();
    await page.getByLabel("To").fill("150");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("11 products").waitFor();
    await checkPage(page, "storefront-filtered");

    // The address is all there is to it.
    const address = page.url();
    await page.goto(address);
    await page.getByText("11 products").waitFor();
    await page.getByRole("combobox", { name: "Sort by" }).selectOption("-price");
    await cards(page).first().getByRole("link", { name: 'Kitchen TV 12"' }).waitFor();
    await page.getByRole("button", { name: "Remove filter Lumen" }).click();
    await page.getByText("1 product", { exact: true }).waitFor();
  });
});

test("a product has a page of its own", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(/status of 404/);
    await page.goto("/?q=kitchen");
    await page.getByRole("link", { name: 'Kitchen TV 12"' }).click();
    await page.waitForURL("**/p/*");
    await page.getByText("Hangs below a cupboard.").waitFor();
    await page.getByText("$149.90").waitFor();
    await page.getByText("12 inches").waitFor();
    assert.match(await page.title(), /^Kitchen TV 12" · /);
    await checkPage(page, "product");
    await page.getByRole("link", { name: "sale" }).click();
    await page.getByText("1 product", { exact: true }).waitFor();

    await page.goto("/p/01900000-0000-7000-8000-000000000000");
    await page.getByRole("heading", { name: "This product is not here any more" }).waitFor();
    await checkPage(page, "product-gone");
  });
});

test("everything is in Spanish too, with its own way of writing prices", async () => {
  await visit(
    browser,
    server.url,
    async ({ page }) => {
      await page.goto("/?q=sofa");
      await page.getByText("1 producto", { exact: true }).waitFor();
      await page.getByText("$8,999.00").waitFor();
      assert.equal(await page.locator("html").getAttribute("lang"), "es");
      await page.getByLabel("Idioma").selectOption("en");
      await page.getByText("MX$8,999.00").or(page.getByText("MXN 8,999.00")).waitFor();
      await page.reload();
      await page.getByText("1 product", { exact: true }).waitFor();
    },
    { locale: "es-MX" },
  );
});

test("keys lead everywhere", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/");
    await page.getByText("24+ products").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await assertAccessible(page, "keyboard help");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: "Commands" }).waitFor();
    await assertAccessible(page, "palette");
    await page.keyboard.type("dark");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to the content" }).focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  });
});

test("visitors load nothing of the console, and no other site", async () => {
  await visit(browser, server.url, async ({ page }) => {
    const finished: Request[] = [];
    page.on("requestfinished", (request) => finished.push(request));
    await page.goto("/");
    await page.getByText("24+ products").waitFor();
    await settled(page);
    assert.deepEqual([...new Set(finished.map((request) => new URL(request.url()).origin))], [server.url]);
    const scripts = finished.filter((request) => request.resourceType() === "script");
    assert.deepEqual(
      scripts
        .map((request) => new URL(request.url()).pathname)
        .filter((path) => /catalog|layout|sign-in|admin|toast|menu/.test(path)),
      [],
    );
    let bytes = 0;
    for (const request of scripts) bytes += (await request.sizes()).responseBodySize;
    assert.ok(bytes > 0 && bytes < 450 * 1024, `${bytes} bytes of JavaScript`);
  });
});
