import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { checkPage, launchBrowser, visit } from "./harness/browser";
import { ana, type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.importCsv("sku,name,brand,price,currency\nLAMP-1,Reading lamp,Lumen,49.90,USD\n");
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** Opens a method of the reference, sends what stands in its form or a body of one's own, and returns the status and the answer. */
async function tryIt(page: Page, service: string, method: string, body?: object): Promise<{ status: string; answer: string }> {
  const operation = page.locator(`[id="operations-${service}-${service}_${method}"]`);
  if (!(await operation.getByRole("button", { name: "Execute" }).isVisible())) {
    await operation.getByRole("button").first().click();
  }
  if (body !== undefined) await operation.locator("textarea").fill(JSON.stringify(body));
  const answered = page.waitForResponse((response) => response.url().includes(`${service}/${method}`));
  await operation.getByRole("button", { name: "Execute" }).click();
  const live = operation.locator(".live-responses-table .response");
  // The answer before, if there is one, stays until this one is here.
  const status = live.locator(".response-col_status");
  await status.filter({ hasText: String((await answered).status()) }).waitFor();
  return {
    status: (await status.textContent()) ?? "",
    answer: (await live.locator(".response-col_description pre").first().textContent()) ?? "",
  };
}

test("the reference is tried live, and asks nobody else for anything", async () => {
  await visit(browser, server.url, async ({ page, context, expectConsole }) => {
    expectConsole(/status of 40[13]/);
    // The harness refuses what goes elsewhere; here nothing may even try.
    const elsewhere: string[] = [];
    context.on("request", (request) => {
      if (new URL(request.url()).origin !== server.url && request.url().startsWith("http")) elsewhere.push(request.url());
    });
    await page.goto("/docs");
    await page.getByRole("heading", { name: "Catalog API" }).waitFor();

    const found = await tryIt(page, "ProductService", "GetProduct", { sku: "LAMP-1" });
    assert.match(found.status, /^200/);
    assert.match(found.answer, /"name": "Reading lamp"/);

    // What needs an administrator says so, and works with a token.
    const product = { sku: "LAMP-2", name: "Floor lamp", brand: "Lumen", price: { amount: "89.90", currencyCode: "USD" } };
    const refused = await tryIt(page, "ProductService", "CreateProduct", { product });
    assert.match(refused.status, /^401/);
    assert.match(refused.answer, /TOKEN_REQUIRED/);

    const signedIn = await tryIt(page, "AuthService", "SignIn", { email: ana.email, password: ana.password });
    const { accessToken } = JSON.parse(signedIn.answer);
    await page.getByRole("button", { name: "Authorize" }).first().click();
    const dialog = page.locator(".modal-ux");
    const scheme = dialog.locator(".auth-container", { hasText: "accessToken" });
    await scheme.locator("input").fill(accessToken);
    await scheme.getByRole("button", { name: "Apply credentials" }).click();
    await scheme.getByRole("button", { name: "Close" }).click();
    const created = await tryIt(page, "ProductService", "CreateProduct", { product });
    assert.match(created.status, /^200/);
    assert.match(created.answer, /"sku": "LAMP-2"/);
    await checkPage(page, "docs-tried");

    assert.deepEqual(elsewhere, []);
  });
});

test("the API pages lead to each other and to the document", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: "API" }).click();
    await page.getByRole("heading", { name: "Catalog API" }).waitFor();
    await checkPage(page, "docs");
    await page.getByRole("link", { name: "Quickstart" }).click();
    await page.getByRole("heading", { name: "Quickstart" }).waitFor();
    assert.ok((await page.locator("pre").first().textContent())?.includes(server.url));
    await checkPage(page, "docs-quickstart");
    const document = await page.request.get("/openapi.json");
    assert.equal((await document.json()).openapi, "3.1.0");
  });
});
