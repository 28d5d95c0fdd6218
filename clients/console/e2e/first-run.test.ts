import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { checkPage, launchBrowser, visit } from "./harness/browser";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer({ withAdmin: false })]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the link of the first start makes the first administrator, once", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto(server.setupLink);
    await page.getByRole("heading", { name: "Create the first administrator" }).waitFor();
    assert.equal(new URL(page.url()).hash, "", "the token leaves the address");
    await checkPage(page, "setup");

    // What is missing or wrong stands at its field, and the first of them has the cursor.
    await page.getByLabel("E-mail").fill("not an address");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.getByText("Fill this in.").waitFor();
    await page.getByText("This is not an e-mail address.").waitFor();
    await page.getByText("At least 12 characters.").waitFor();
    assert.equal(await page.getByLabel("Name").evaluate((input) => input === document.activeElement), true);
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

test("a link without its token says what to do", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/accept-invitation");
    await page.getByRole("heading", { name: "This link is not complete" }).waitFor();
    await checkPage(page, "link-incomplete");
  });
});
