import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { createCatalog } from "@zebrands/catalog/node";
import { ana, databases, type Server, startServer } from "./server.js";

const run = promisify(execFile);
const script = new URL("../../examples/reprice.mjs", import.meta.url).pathname;

for (const database of databases) {
  describe(`the example that reprices a brand, on ${database}`, () => {
    let server: Server;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server?.stop());

    test("changes the brand's prices and no others", async () => {
      const catalog = createCatalog({ baseUrl: server.baseUrl });
      await catalog.session.signIn(ana);
      const brands = ["Acme", "Acme", "Other"];
      await catalog.products.batchCreateProducts({
        requests: brands.map((brand, i) => ({
          product: { sku: `S${i}`, name: "Lamp", brand, price: { amount: "129.90", currencyCode: "MXN" } },
        })),
      });
      const env = { ...process.env, CATALOG_URL: server.baseUrl, CATALOG_EMAIL: ana.email, CATALOG_PASSWORD: ana.password };
      const prices = async () => (await catalog.products.list({ orderBy: "sku" }).toArray()).map(({ price }) => price?.amount);

      await run(process.execPath, [script, "--brand", "Acme", "--by", "1.10", "--dry-run"], { env });
      assert.deepEqual(await prices(), ["129.90", "129.90", "129.90"]);
      const { stdout } = await run(process.execPath, [script, "--brand", "Acme", "--by", "1.10"], { env });
      assert.deepEqual(await prices(), ["142.89", "142.89", "129.90"]);
      assert.match(stdout, /Changed 2 prices\./);
      catalog.close();
    });
  });
}
