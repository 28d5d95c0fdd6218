import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { checkPage, launchBrowser, signIn, visit } from "./harness/browser";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

const eve = { email: "eve@example.com", name: "Eve Martín", password: "another horse battery" };

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.createAdmin(eve);
  const lamps = Array.from({ length: 260 }, (_, i) => `LAMP-${String(i).padStart(3, "0")},Lamp ${i},Luz,${i}.50,MXN,home`);
  await server.importCsv(
    [
      "sku,name,brand,price,currency,tags",
      ...lamps,
      "SOFA-1,Grey Sofa,Acme,5490.00,MXN,",
      "CHAIR-1,Oak Chair,Acme,899.00,USD,",
    ].join("\n"),
  );
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** What the browser says about a call that was refused, as it should be. */
const refused = /status of 4\d\d/;

/** Opens the table with a search and waits for its rows. */
async function openTable(page: Page, search = ""): Promise<void> {
  await page.goto(`/admin/products${search}`);
  await page.getByRole("table", { name: "Products" }).locator("[data-row-link]").first().waitFor();
}

/** Waits until the table has exactly these rows: those of the question before stay in sight until the answer is there. */
async function expectRows(page: Page, names: readonly string[]): Promise<void> {
  const shown = () => page.locator("tbody [data-row-link]").allTextContents();
  await page
    .waitForFunction(
      (wanted) => [...document.querySelectorAll("tbody [data-row-link]")].map((link) => link.textContent).join("\n") === wanted,
      names.join("\n"),
    )
    .catch(async () => assert.deepEqual(await shown(), names));
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
const message = (page: Page, text: string | RegExp) => page.getByRole("listitem").filter({ hasText: text });

/** Waits for a message and holds it with the mouse, as somebody does who means to use its button: otherwise it goes after a while. */
async function holdMessage(page: Page, text: string) {
  await message(page, text).hover();
  return message(page, text).getByRole("button", { name: "Undo" });
}

test("a product is created, after the server's objections are met", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await openTable(page);
    await page.keyboard.press("n");
    await page.getByRole("heading", { name: "New product" }).waitFor();
    await checkPage(page, "product-new");

    await page.getByRole("button", { name: "Create product" }).click();
    await page.getByText("Fill this in.").first().waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Copper Lamp");
    await page.getByLabel("Brand").fill("Luz");
    await page.getByLabel("SKU").fill("LAMP-001");
    await page.getByLabel("Price", { exact: true }).fill("1,299.999");
    await page.getByLabel("Currency").fill("mxn");
    await page.getByLabel("Tags").fill("new, copper,");
    await page.getByRole("button", { name: "Add an attribute" }).click();
    await page.getByLabel("Name of attribute 1").fill("colour");
    await page.getByLabel("Value of attribute 1").fill("red");
    await page.getByRole("button", { name: "Create product" }).click();
    const price = page.getByLabel("Price", { exact: true });
    await page.locator("[aria-invalid=true][name='price.amount']").waitFor();
    await checkPage(page, "product-new-refused");

    await price.fill("1,299.90");
    await page.getByRole("button", { name: "Create product" }).click();
    await page.getByText("Another product has this SKU.").waitFor();
    await page.getByLabel("SKU").fill("LAMP-COPPER");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/admin\/products\/[0-9a-f-]{36}/);
    await page.getByRole("heading", { name: "Copper Lamp" }).waitFor();
    await page.getByText("Ana Torres created it").waitFor();
    await page.getByRole("button", { name: "MX$1,299.90" }).waitFor();
    await checkPage(page, "product");
  });
});

test("a price is changed in its row and taken back", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await openTable(page, "?q=sofa");
    await page.keyboard.press("j");
    await page.keyboard.press("p");
    const input = page.getByLabel("New price of Grey Sofa");
    await input.fill("a lot");
    await input.press("Enter");
    await page.getByText("Write an amount such as 129.90.").waitFor();
    await input.fill("4,990.00");
    await input.press("Enter");
    const undo = await holdMessage(page, "MX$5,490.00 → MX$4,990.00");
    await row(page, "Grey Sofa").getByRole("button", { name: "$4,990.00" }).waitFor();
    await undo.click();
    await row(page, "Grey Sofa").getByRole("button", { name: "$5,490.00" }).waitFor();

    await row(page, "Grey Sofa").getByRole("link").click();
    await page.getByText("Ana Torres changed price").first().waitFor();
    assert.equal(await page.getByText("Ana Torres changed price").count(), 2);
    await checkPage(page, "product-history");
  });
});

test("many products get a tag and a price at once, and both are taken back", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await openTable(page, "?q=lamp&tag=home&sort=sku");
    await checkPage(page, "products");
    await page.getByLabel("Select all rows that are shown").click();
    await page.getByText("100 selected").waitFor();
    await page.getByRole("button", { name: "Select all that match" }).click();
    await page.getByText("260 selected").waitFor();
    await page.getByRole("region", { name: "For the selected products" }).getByRole("button", { name: "Tags" }).click();
    await page.getByLabel("Tag", { exact: true }).fill("outlet");
    await checkPage(page, "products-tag");
    await page.getByRole("button", { name: "Change 260 products" }).click();
    await message(page, "260 products changed.").waitFor();

    await page.goto("/admin/products?tag=outlet&sort=sku");
    await row(page, "Lamp 0").waitFor();
    await page.getByLabel("Select Lamp 1", { exact: true }).click();
    await page.getByLabel("Select Lamp 3", { exact: true }).click({ modifiers: ["Shift"] });
    await page.getByText("3 selected").waitFor();
    await page.getByRole("button", { name: "Change price", exact: true }).click();
    await page.getByLabel("Percent (%)").fill("12.5");
    await page.getByText("$1.50").last().waitFor();
    await checkPage(page, "products-price");
    await page.getByRole("button", { name: "Change 3 products" }).click();
    await message(page, "3 products changed.").waitFor();
    // 1.50, 2.50 and 3.50 times 1.125, half up.
    for (const [name, price] of [
      ["Lamp 1", "$1.69"],
      ["Lamp 2", "$2.81"],
      ["Lamp 3", "$3.94"],
    ] as const) {
      await row(page, name).getByRole("button", { name: price }).waitFor();
    }
    // Also when the message is gone.
    await page.getByRole("heading", { name: "Products" }).click();
    await page.keyboard.press("z");
    await row(page, "Lamp 3").getByRole("button", { name: "$3.50" }).waitFor();
  });
});

test("deleted products can be shown and restored", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await openTable(page, "?q=lamp&sort=sku");
    await page.getByLabel("Select Lamp 5", { exact: true }).click();
    await page.getByLabel("Select Lamp 6", { exact: true }).click();
    await page.getByRole("region", { name: "For the selected products" }).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete 2 products" }).click();
    await message(page, "2 products deleted.").waitFor();
    await row(page, "Lamp 5").getByText("Deleted").waitFor();

    await openTable(page, "?q=lamp-005&deleted=1");
    await row(page, "Lamp 5").getByRole("link").click();
    await page.getByText("Readers do not see it").waitFor();
    await checkPage(page, "product-deleted");
    await page.getByRole("button", { name: "Restore" }).click();
    await page.getByText("Ana Torres restored it").waitFor();
    await page.getByRole("button", { name: "Edit" }).waitFor();
  });
});

test("an edit that loses a race is settled field by field", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await openTable(page, "?q=chair");
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    await page.getByLabel("Name", { exact: true }).fill("Oak Chair, waxed");
    await page.getByLabel("Price", { exact: true }).fill("950");
    await page.getByLabel("Description").fill("From one tree.");

    await visit(browser, server.url, async (other) => {
      await signIn(other.page, eve);
      await openTable(other.page, "?q=chair");
      await row(other.page, "Oak Chair")
        .getByRole("button", { name: /^Actions for/ })
        .click();
      await other.page.getByRole("menuitem", { name: "Edit" }).click();
      await other.page.getByLabel("Name", { exact: true }).fill("Oak Armchair");
      await other.page.getByLabel("Price", { exact: true }).fill("1000");
      await other.page.getByLabel("Tags").fill("oak,");
      await other.page.getByRole("button", { name: "Save changes" }).click();
      await message(other.page, "Saved.").waitFor();
    });

    await page.getByRole("button", { name: "Save changes" }).click();
    const dialog = page.getByRole("dialog", { name: "Somebody was faster" });
    await dialog.getByText("Eve Martín changed name, price, and tags").waitFor();
    await checkPage(page, "conflict");
    await dialog.getByRole("group", { name: "Name" }).getByText("By Eve Martín").click();
    await dialog.getByRole("button", { name: "Save what I chose" }).click();
    await message(page, "Saved.").waitFor();

    await row(page, "Oak Armchair").getByRole("button", { name: "$950.00" }).waitFor();
    await row(page, "Oak Armchair").getByRole("link").click();
    await page.getByText("From one tree.").first().waitFor();
    await page.getByRole("link", { name: "oak", exact: true }).waitFor();
  });
});

test("the address holds the search, the filters and the order; the export holds what they find", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await openTable(page);
    await page.keyboard.press("/");
    await page.keyboard.type("lamp");
    await page.waitForURL("**/admin/products?q=lamp");
    await page.getByRole("button", { name: "Filters" }).click();
    await page.getByLabel("Luz").click();
    await page.getByLabel("From").fill("100");
    await page.getByLabel("To", { exact: true }).fill("102.50");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Price", exact: true }).click();
    await page.waitForURL((url) => url.searchParams.get("sort") === "price" && url.searchParams.get("brand") === "Luz");
    await expectRows(page, ["Lamp 100", "Lamp 101", "Lamp 102"]);
    await page.reload();
    await expectRows(page, ["Lamp 100", "Lamp 101", "Lamp 102"]);

    await page.getByRole("button", { name: "More", exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Export as CSV" }).click(),
    ]);
    const csv = await readFile(await download.path(), "utf8");
    assert.deepEqual(
      csv
        .trim()
        .split("\r\n")
        .map((line) => line.split(",").slice(0, 2).join(",")),
      ["sku,name", "LAMP-100,Lamp 100", "LAMP-101,Lamp 101", "LAMP-102,Lamp 102"],
    );

    await page.getByRole("button", { name: "Clear all" }).click();
    await page.goto("/admin/products?q=nothing-like-this");
    await page.getByText("Nothing matches").waitFor();
    await checkPage(page, "products-nothing");
  });
});
