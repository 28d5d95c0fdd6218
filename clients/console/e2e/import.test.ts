import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser } from "playwright-core";
import { checkPage, launchBrowser, signIn, visit } from "./harness/browser";
import { holdCalls } from "./harness/network";
import { type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.importCsv(
    "sku,name,brand,price,currency,colour\nOLD-1,Old Lamp,Luz,10.00,MXN,red\nOLD-2,Old Sofa,Acme,20.00,MXN,\n",
  );
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** Looking for SKUs that are not there yet is answered with "not found". */
const notFound = /status of 4\d\d/;

const csv = (text: string) => ({ name: "products.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

test("a file with bad rows brings in the others and tells about each", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(notFound);
    await signIn(page);
    await page.goto("/admin/import");
    await page.getByText("Drop a CSV file here").waitFor();
    await checkPage(page, "import");

    await page.setInputFiles("input[type=file]", csv("id,title\n1,x\n"));
    await page.getByRole("alert").getByText("id, title").waitFor();

    const rows = [
      "sku,name,brand,price,currency,description,tags,colour",
      'NEW-1,Floor Lamp,Luz,129.90,MXN,"Warm,\nsoft light","sale,""big, round""",blue',
      "OLD-1,Old Lamp,Luz,12.00,MXN,,,",
      "OLD-2,Old Sofa,Acme,20,MXN,,,",
      ",No SKU,Luz,5.00,MXN,,,",
      "NEW-1,Twice,Luz,5.00,MXN,,,",
      "NEW-2,Three Decimals,Luz,10.999,MXN,,,",
      "NEW-3,No Such Currency,Luz,10.00,ABC,,,",
      "NEW-4,Free,Luz,free,MXN,,,",
    ];
    await page.setInputFiles("input[type=file]", csv(rows.join("\n")));
    await page.getByRole("button", { name: "Import 4 rows" }).waitFor();
    await page.getByText("3 rows have problems and will be left out.").waitFor();
    await page.getByText("sku: “NEW-1” is on line 2 already").waitFor();
    await checkPage(page, "import-preview");
    await page.getByRole("button", { name: "Changed 1" }).click();
    await page.getByText("Changes price and attributes").waitFor();

    await page.getByRole("button", { name: "Import 4 rows" }).click();
    await page.getByRole("heading", { name: "The import is done" }).waitFor();
    await page.getByText("New products: 1. Changed ones: 1.").waitFor();
    for (const text of [
      "sku: must not be empty",
      "price: must be a plain number such as 129.90",
      /^price: .*decimals/i,
      /^currency: /,
    ]) {
      await page.getByText(text).waitFor();
    }
    await checkPage(page, "import-result");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the rows with problems" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "products-problems.csv");
    const bad = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
    assert.equal(bad[0], `${rows[0]},`);
    assert.deepEqual(
      bad.slice(1).map((line) => line.split(",").slice(0, 2).join(",")),
      [",No SKU", "NEW-1,Twice", "NEW-2,Three Decimals", "NEW-3,No Such Currency", "NEW-4,Free"],
    );

    await page.getByRole("link", { name: "See the products" }).click();
    await page.getByRole("link", { name: "Floor Lamp" }).click();
    await page.getByText("big, round").first().waitFor();
    await page.getByText("soft light").first().waitFor();
  });
});

test("the same file a second time changes nothing", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(notFound);
    await signIn(page);
    const many = Array.from({ length: 700 }, (_, i) => `MANY-${i},Thing ${i},Acme,${i}.00,MXN`);
    const file = csv(["sku,name,brand,price,currency", ...many].join("\n"));
    await page.goto("/admin/import");
    await page.setInputFiles("input[type=file]", file);
    await page.getByRole("button", { name: "Import 700 rows" }).click();
    await page.getByText("New products: 700. Changed ones: 0.").waitFor();
    await page.getByRole("button", { name: "Another file" }).click();
    await page.setInputFiles("input[type=file]", file);
    await page.getByText("There is nothing to import").waitFor();
  });
});

test("an import shows how far it is; whoever stops it learns what was done, and can go on", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(notFound);
    await signIn(page);
    const many = Array.from({ length: 700 }, (_, i) => `STOP-${i},Thing ${i},Acme,${i}.00,MXN`);
    await page.goto("/admin/import");
    await page.setInputFiles("input[type=file]", csv(["sku,name,brand,price,currency", ...many].join("\n")));

    // The second of three calls is held until the person has asked to stop.
    const calls = await holdCalls(page, "ProductService/BatchCreateProducts", 1);
    await page.getByRole("button", { name: "Import 700 rows" }).click();
    await page.getByText("250 of 700 rows").waitFor();
    assert.equal(await page.getByRole("progressbar", { name: "Importing" }).getAttribute("aria-valuenow"), "35");
    await checkPage(page, "import-working");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Stopping …" }).waitFor();
    await calls.release();

    await page.getByRole("heading", { name: "The import was stopped" }).waitFor();
    await page.getByRole("button", { name: "New 500" }).waitFor();
    assert.equal(calls.made, 2);
    await checkPage(page, "import-stopped");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("New products: 200. Changed ones: 0.").waitFor();
    await page.getByRole("button", { name: "As they are 500" }).waitFor();
  });
});
