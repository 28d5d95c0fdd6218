import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertAccessible, checkPage, launchBrowser, signIn, visit } from "./harness/browser";
import { patience } from "./harness/patience";
import { ana, type Server, startServer } from "./harness/server";

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

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

/** Calls an RPC with a key, as a program does, and returns the status and the answer. */
async function callWith(key: string, rpc: string, request: object) {
  const response = await fetch(`${server.url}/catalog.v1.${rpc}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(patience),
  });
  return { status: response.status, answer: await response.json() };
}

const chair = { product: { sku: "CHAIR-1", name: "Chair", brand: "Acme", price: { amount: "10.00", currencyCode: "MXN" } } };

test("a key is created, shown once, used by a program, and revoked", async () => {
  await visit(browser, server.url, async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await signIn(page);
    await page.getByRole("link", { name: "API keys" }).click();
    await page.getByRole("heading", { name: "No program has a key yet" }).waitFor();
    await checkPage(page, "api-keys-none");

    await page.keyboard.press("c");
    const creating = page.getByRole("dialog", { name: "Create an API key" });
    await creating.getByLabel("Name of the program").fill("erp");
    await creating.getByRole("radio", { name: "Read and write" }).check();
    await creating.getByLabel("It works for").selectOption("Until a day");
    await creating.getByRole("button", { name: "Create key" }).click();
    await creating.getByText("Fill this in.").waitFor();
    await creating.getByLabel("Last day").fill("2099-12-31");
    await checkPage(page, "api-key-create");
    await creating.getByRole("button", { name: "Create key" }).click();

    const shown = page.getByRole("dialog", { name: "The key of erp" });
    const key = await shown.getByLabel("Key", { exact: true }).inputValue();
    assert.match(key, /^zck_[0-9A-Za-z]{38}$/);
    await checkPage(page, "api-key-secret");
    await page.keyboard.press("Escape"); // by mistake
    await page.mouse.click(5, 5);
    await shown.getByRole("button", { name: "Copy" }).click();
    await page.getByText("The key is copied").first().waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
    await shown.getByRole("button", { name: "I have stored it" }).click();
    await row(page, "erp").filter({ hasText: "Active" }).filter({ hasText: "Not yet" }).waitFor();
    assert.equal((await page.content()).includes(key), false, "the key is shown once");

    const created = await callWith(key, "ProductService/CreateProduct", chair);
    assert.equal(created.status, 200);
    await page.goto(`/admin/products/${created.answer.product.id}`);
    await page.getByText("erp (key of Ana Torres) created it").waitFor();

    await page.goto("/admin/api-keys");
    await row(page, "erp").filter({ hasText: "Ana Torres" }).filter({ hasText: "in 7" }).waitFor(); // in 73 years
    await checkPage(page, "api-keys");
    await page.getByRole("button", { name: "Actions for erp" }).click();
    await page.getByRole("menuitem", { name: "Revoke" }).click();
    const asked = page.getByRole("dialog", { name: "Revoke the key of erp?" });
    await asked.getByText(key.slice(0, 8)).waitFor();
    await assertAccessible(page, "revoke a key");
    await asked.getByRole("button", { name: "Revoke" }).click();
    await row(page, "erp").filter({ hasText: "Revoked" }).waitFor();
    assert.equal((await callWith(key, "ProductService/ListProductChanges", {})).status, 401);

    await page.getByRole("button", { name: "Actions for erp" }).click();
    await page.getByRole("menuitem", { name: "Show its events" }).click();
    await page.getByText("Ana Torres revoked their API key “erp”").waitFor();
    await page.getByText("Ana Torres created the API key “erp”").waitFor();
    assert.equal(await page.getByRole("row").count(), 3, "nothing else is about this key");
  });
});

test("a key that reads changes nothing, and the list tells when its creator may not sign in", async () => {
  const beto = { email: "beto@example.com", name: "Beto Ramírez", password: "a horse battery stapled" };
  await server.createAdmin(beto);
  let key = "";
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page, beto);
    await page.goto("/admin/api-keys");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByLabel("Name of the program").fill("price comparison");
    await page.getByLabel("It works for").selectOption("Until somebody revokes it");
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    key = await page.getByLabel("Key", { exact: true }).inputValue();
  });
  assert.equal((await callWith(key, "ProductService/ListProductChanges", {})).status, 200);
  const refused = await callWith(key, "ProductService/CreateProduct", chair);
  assert.equal(refused.status, 403);

  const { admins } = await server.call("AdminService/ListAdmins", {});
  const { id } = admins.find(({ email }: { email: string }) => email === beto.email);
  await server.call("AdminService/UpdateAdmin", { admin: { id, disabled: true }, updateMask: "disabled" });
  assert.equal((await callWith(key, "ProductService/ListProductChanges", {})).status, 401);
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page, ana);
    await page.goto("/admin/api-keys");
    const stopped = row(page, "price comparison").filter({ hasText: "Stopped: Beto Ramírez may not sign in" });
    await stopped.filter({ hasText: "Never" }).waitFor();
    await checkPage(page, "api-keys-stopped");
  });
});
