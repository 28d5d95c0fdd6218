import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser } from "playwright-core";
import { checkPage, launchBrowser, visit } from "./harness/browser";
import { Person } from "./harness/person";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer({ withAdmin: false });
});

afterEach(() => server?.stop());

after(() => browser?.close());

test("the link of the first start makes the first administrator, once", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto(server.setupLink);
    await page.getByRole("heading", { name: "Create the first administrator" }).waitFor();
    await page.waitForURL(({ hash }) => hash === ""); // the token leaves the address
    await checkPage(page, "setup");

    // What is missing or wrong stands at its field, and the first of them has the cursor.
    await page.getByLabel("E-mail").fill("not an address");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.getByText("Fill this in.").waitFor();
    await page.getByText("This is not an e-mail address.").waitFor();
    await page.getByText("At least 12 characters.").waitFor();
    await page.getByLabel("Name").and(page.locator(":focus")).waitFor();
    await checkPage(page, "setup-errors");

    await page.getByLabel("Name").fill("Ana Torres");
    await page.getByLabel("E-mail").fill("ana@example.com");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.waitForURL("**/admin/products");
    await page.getByText("Ana Torres").first().waitFor();
  });
  // The same link again, by somebody else.
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(/status of 4\d\d/);
    await page.goto(server.setupLink);
    await page.getByLabel("Name").fill("Eve");
    await page.getByLabel("E-mail").fill("eve@example.com");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "The catalog has an administrator already" }).waitFor();
  });
});

test("from the first start to the first product in the storefront it takes less than two minutes of clicks", async (t) => {
  await visit(browser, server.url, async ({ page }) => {
    const ana = new Person();
    await page.goto(server.setupLink);
    await ana.types(page.getByLabel("Name"), "Ana Torres");
    await ana.types(page.getByLabel("E-mail"), "ana@example.com");
    await ana.types(page.getByLabel("Password", { exact: true }), "correct horse battery");
    await ana.clicks(page.getByRole("button", { name: "Create and sign in" }));

    await page.getByText("The catalog is empty").waitFor();
    await checkPage(page, "products-empty");
    await ana.clicks(page.getByRole("main").getByRole("link", { name: "New product" }).last());
    await ana.types(page.getByLabel("Name", { exact: true }), "Reading lamp");
    await ana.types(page.getByLabel("Brand"), "Lumen");
    await ana.types(page.getByLabel("SKU"), "LAMP-1");
    await ana.types(page.getByLabel("Price", { exact: true }), "49.90");
    await ana.types(page.getByLabel("Description"), "A warm light beside the bed.");
    await ana.clicks(page.getByRole("button", { name: "Create product" }));

    await page.getByRole("heading", { name: "Reading lamp" }).waitFor();
    await ana.clicks(page.getByRole("link", { name: "Open in the storefront" }));
    await page.getByRole("heading", { name: "Reading lamp" }).waitFor();
    await page.getByText("$49.90").waitFor();
    t.diagnostic(`${ana.seconds.toFixed(0)} seconds`);
    assert.ok(ana.seconds < 120);
  });
});

test("a link without its token says what to do", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/accept-invitation");
    await page.getByRole("heading", { name: "This link is not complete" }).waitFor();
    await checkPage(page, "link-incomplete");
  });
});
