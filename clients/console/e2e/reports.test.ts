import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser } from "playwright-core";
import { checkPage, launchBrowser, settled, signIn, visit } from "./harness/browser";
import { until } from "./harness/patience";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

const csv = [
  "sku,name,brand,price,currency",
  "LAMP-1,Reading lamp,Lumen,49.90,USD",
  "LAMP-2,Floor lamp,Lumen,89.90,USD",
  "=SUM(1),Desk lamp,Lumen,19.90,USD",
].join("\n");

/** A browser that people use. The one that tests use calls itself a robot, whose reads are counted apart. */
const person = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.importCsv(csv);
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** Looks at the reading lamp in the storefront, and waits until the server has counted that. */
async function viewLamp(): Promise<void> {
  await visit(
    browser,
    server.url,
    async ({ page }) => {
      await page.goto("/");
      await page.getByRole("link", { name: "Reading lamp" }).click();
      await page.getByRole("heading", { name: "Reading lamp" }).waitFor();
      // The name is there before the product is read.
      await until("the view was counted", async () => {
        const { totalViews } = await server.call("TrackingService/QueryCatalogViews", {});
        return totalViews === "1";
      });
    },
    { userAgent: person },
  );
}

test("nothing was looked at yet", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/reports");
    await page.getByRole("heading", { name: "Nobody looked at a product in this period" }).waitFor();
    await page.getByText("3 products without a view").waitFor();
    await checkPage(page, "reports-empty");
  });
});

test("what visitors look at in the storefront is in the report", async () => {
  await viewLamp();
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/reports?period=24h");
    await page.getByRole("definition").first().filter({ hasText: /^1/ }).waitFor();
    await page.getByRole("row").filter({ hasText: "Reading lamp" }).filter({ hasText: "none before" }).waitFor();
    await page.getByText("2 products without a view").waitFor();
    await page.getByText(/last read counted/).waitFor();
    await checkPage(page, "reports");

    // The chart by keyboard, and as a table.
    const chart = page.getByRole("group", { name: "Views over time: All products" });
    await chart.focus();
    await page.keyboard.press("End");
    await page.getByText(/: This period 1, Period before 0/).waitFor();
    await page.getByText("Show as a table").click();
    await page.getByRole("table").first().getByRole("row").nth(24).getByRole("cell", { name: "1", exact: true }).waitFor();

    // One product alone.
    await page.getByRole("button", { name: "Show Reading lamp in the chart" }).click();
    await page.getByRole("group", { name: "Views over time: Reading lamp" }).waitFor();
    await page.getByRole("button", { name: /Choose a product/ }).click();
    await page.getByPlaceholder("Find a product").fill("floor");
    await page.getByRole("button", { name: /Floor lamp/ }).click();
    await page.getByRole("group", { name: "Views over time: Floor lamp" }).waitFor();
    await page.getByRole("button", { name: "Show all products again" }).click();
    await page.getByText("Impressions", { exact: true }).last().waitFor();
  });
});

test("the page of a product draws its own views, by day and by hour", async () => {
  await viewLamp();
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.getByRole("link", { name: "Reading lamp" }).click();
    const chart = page.getByRole("group", { name: "Views", exact: true });
    await chart.waitFor();
    await page.getByText("Show as a table").click();
    // Every day of the period has a row, today's is the last, under a row of headings.
    const rows = page.getByRole("region", { name: "Views", exact: true }).getByRole("row");
    await rows.nth(30).getByRole("cell", { name: "1", exact: true }).waitFor();
    await checkPage(page, "product-views");

    await page.getByLabel("Period").selectOption("1");
    await page.waitForURL(/days=1/);
    await rows.nth(24).getByRole("cell", { name: "1", exact: true }).waitFor();
    await chart.focus();
    await page.keyboard.press("End");
    await page.getByText(/: Views 1$/).waitFor();

    // A product that nobody looked at says so.
    await page.goto("/admin/products");
    await page.getByRole("link", { name: "Floor lamp" }).click();
    await page.getByText("Nobody has looked at it in this time.").waitFor();
  });
});

test("files hold what the page shows, and no cell of them is a formula", async () => {
  await viewLamp();
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/reports");
    await settled(page);
    const save = async (what: string) => {
      await page.getByRole("button", { name: "Download CSV" }).click();
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: what }).click()]);
      return { name: file.suggestedFilename(), lines: (await readFile(await file.path(), "utf8")).trim().split("\r\n") };
    };
    const unviewed = await save("Products nobody looked at");
    assert.match(unviewed.name, /^unviewed-products-30d-\d{4}-\d\d-\d\d\.csv$/);
    assert.match(unviewed.lines[0] ?? "", /^\uFEFF?SKU,Name,Brand,Times listed,In the catalog since$/);
    assert.ok(
      unviewed.lines.some((line) => line.startsWith("'=SUM(1),Desk lamp") || line.startsWith('"\'=SUM(1)",')),
      unviewed.lines.join("\n"),
    );
    const series = await save("Figures over time");
    assert.equal(series.lines.length, 31);
    assert.match(series.lines.at(-1) ?? "", /,1,\d+,0,0$/);
    const top = await save("Top products");
    assert.match(top.lines[1] ?? "", /^LAMP-1,Reading lamp,Lumen,1,\d+,0$/);
  });
});
