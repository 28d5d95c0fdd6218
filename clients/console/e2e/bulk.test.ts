import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { checkPage, launchBrowser, signIn, visit } from "./harness/browser";
import { holdCalls } from "./harness/network";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

const count = 500;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  const lamps = Array.from({ length: count }, (_, i) => `LAMP-${String(i).padStart(3, "0")},Lamp ${i},Luz,${i + 1}.00,MXN`);
  await server.importCsv(["sku,name,brand,price,currency", ...lamps].join("\n"));
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** What the browser says about a call that was refused or cut off, as it should be. */
const refused = /status of 4\d\d|ERR_/;

const bar = (page: Page) => page.getByRole("region", { name: "For the selected products" });
const message = (page: Page, text: string | RegExp) => page.getByRole("listitem").filter({ hasText: text });

/** What the server has, whatever a page shows. */
async function onServer(): Promise<Map<string, { id: string; price: { amount: string } }>> {
  const found = new Map<string, { id: string; price: { amount: string } }>();
  const response = await fetch(`${server.url}/catalog.v1.ProductService/ListProducts`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ pageSize: 1000, orderBy: "sku" }),
  });
  const { products } = await response.json();
  for (const product of products) found.set(product.sku, product);
  return found;
}

async function selectAll(page: Page): Promise<void> {
  await page.goto("/admin/products?sort=sku");
  await page.getByLabel("Select all rows that are shown").click();
  await bar(page).getByRole("button", { name: "Select all that match" }).click();
  await bar(page).getByText(`${count} selected`).waitFor();
}

test("whoever stops while 500 products are deleted learns how many were, and can take that back", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await selectAll(page);

    // The calls from the 61st on are held until the person has asked to stop.
    const calls = await holdCalls(page, "ProductService/DeleteProduct", 60);
    await bar(page).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: `Delete ${count} products` }).click();
    const dialog = page.getByRole("dialog", { name: "Deleting products" });
    await dialog.getByText(`60 of ${count}`).waitFor();
    assert.equal(await dialog.getByRole("progressbar").getAttribute("aria-valuenow"), "12");
    await checkPage(page, "products-deleting");
    await dialog.getByRole("button", { name: "Stop" }).click();
    await dialog.getByRole("button", { name: "Stopping …" }).waitFor();
    const { held } = calls;
    await calls.release();

    const told = message(page, "Stopped before the end.");
    await told.hover(); // holds it
    const deleted = Number(/(\d+) products deleted/.exec((await told.textContent()) ?? "")?.[1]);
    assert.equal(deleted, 60 + held, "what was under way is told too");
    assert.equal((await onServer()).size, count - deleted);
    await bar(page).getByRole("button", { name: "Restore" }).waitFor();

    await told.getByRole("button", { name: "Undo" }).click();
    await message(page, `${deleted} products restored.`).waitFor();
    assert.equal((await onServer()).size, count);
  });
});

test("products that are refused are named with the reason, and the others are done", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await selectAll(page);
    const before = await onServer();
    const gone = ["LAMP-007", "LAMP-123"];
    // Somebody else deletes two of them meanwhile.
    await visit(browser, server.url, async (other) => {
      await signIn(other.page);
      for (const sku of gone) {
        await other.page.goto(`/admin/products/${before.get(sku)?.id}`);
        await other.page.getByRole("button", { name: "Delete" }).click();
        await other.page.getByRole("button", { name: "Restore" }).waitFor();
      }
    });

    await bar(page).getByRole("button", { name: "Change price" }).click();
    await page.getByLabel("Percent (%)").fill("10");
    await page.getByRole("button", { name: `Change ${count} products` }).click();
    const problems = page.getByRole("dialog", { name: "2 products were refused" });
    await problems.getByRole("link", { name: "Lamp 7", exact: true }).waitFor();
    await problems.getByRole("link", { name: "Lamp 123", exact: true }).waitFor();
    assert.equal(await problems.getByText("This product does not exist, or it was deleted.").count(), 2);
    await problems.getByText(`${count - 2} products changed.`).waitFor();
    await checkPage(page, "products-refused");
    const now = await onServer();
    assert.equal(now.size, count - 2);
    assert.equal(now.get("LAMP-000")?.price.amount, "1.10");
    assert.equal(now.get("LAMP-499")?.price.amount, "550.00");
  });
});

test("an answer that gets lost is looked up: no price is raised twice, no deletion is left open", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    const before = await onServer();
    await page.goto("/admin/products?q=lamp-03&sort=sku");
    await page.getByLabel("Select all rows that are shown").click();
    await bar(page).getByText("10 selected").waitFor();

    /** Lets the server do what it is asked, and loses its answer, once. */
    const loseAnswer = async (method: string) => {
      await page.route(
        `**/catalog.v1.ProductService/${method}`,
        async (route) => {
          await route.fetch();
          await route.abort();
        },
        { times: 1 },
      );
    };
    await loseAnswer("BatchUpdateProducts");
    await bar(page).getByRole("button", { name: "Change price" }).click();
    await page.getByLabel("Percent (%)").fill("50");
    await page.getByRole("button", { name: "Change 10 products" }).click();
    await message(page, "10 products changed.").waitFor();
    const amount = (products: typeof before) => Number(products.get("LAMP-030")?.price.amount);
    assert.equal(amount(await onServer()).toFixed(2), (amount(before) * 1.5).toFixed(2));

    await loseAnswer("DeleteProduct");
    await bar(page).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete 10 products" }).click();
    await message(page, "10 products deleted.").waitFor();
    assert.equal((await onServer()).has("LAMP-030"), false);

    // A server that stays away: nobody knows what became of what was sent, and the rest is left alone.
    await page.route("**/catalog.v1.ProductService/*", (route) => route.abort());
    await bar(page).getByRole("button", { name: "Restore" }).click();
    const problems = page.getByRole("dialog", { name: "The server gave no answer" });
    await problems.getByText("Load the list again once the server can be reached.").waitFor();
    await checkPage(page, "products-no-answer");
  });
});

test("every product is deleted, however many there are", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    const live = (await onServer()).size;
    await page.goto("/admin/products?sort=sku");
    await page.getByLabel("Select all rows that are shown").click();
    await bar(page).getByRole("button", { name: "Select all that match" }).click();
    await bar(page).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: `Delete ${live} products` }).click();
    await message(page, `${live} products deleted.`).waitFor();
    assert.equal((await onServer()).size, 0);
    await bar(page).getByRole("button", { name: "Restore" }).waitFor();
  });
});
