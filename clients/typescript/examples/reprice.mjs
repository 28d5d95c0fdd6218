// Multiplies the prices of a brand by a factor, all of them or none (up to 1,000 products):
//
//   CATALOG_EMAIL=ana@example.com CATALOG_PASSWORD=… node examples/reprice.mjs --brand Sony --by 1.10
//
// --dry-run only prints what would change. The catalog is at CATALOG_URL, or http://localhost:8080.
import { parseArgs } from "node:util";
import { formatMoney, isReason, multiplyMoney } from "@zebrands/catalog";
import { createCatalog } from "@zebrands/catalog/node";

const { values } = parseArgs({
  options: { brand: { type: "string" }, by: { type: "string" }, "dry-run": { type: "boolean", default: false } },
});
const { brand, by } = values;
const { CATALOG_URL = "http://localhost:8080", CATALOG_EMAIL, CATALOG_PASSWORD } = process.env;
if (!brand || !by || !CATALOG_EMAIL || !CATALOG_PASSWORD) {
  console.error("usage: CATALOG_EMAIL=… CATALOG_PASSWORD=… node reprice.mjs --brand BRAND --by FACTOR [--dry-run]");
  process.exit(2);
}

const catalog = createCatalog({ baseUrl: CATALOG_URL });
await catalog.session.signIn({ email: CATALOG_EMAIL, password: CATALOG_PASSWORD });
try {
  await reprice();
} finally {
  await catalog.session.signOut();
  catalog.close();
}

async function reprice() {
  const products = await catalog.products.list({ filter: `brand = ${JSON.stringify(brand)}`, pageSize: 1000 }).toArray();
  if (products.length > 1000) throw new Error(`${products.length} products are too many to change all at once`);
  const requests = products.map(({ id, sku, price, etag }) => {
    const newPrice = multiplyMoney(price, by);
    console.log(`${sku}: ${formatMoney(price)} → ${formatMoney(newPrice)}`);
    return { product: { id, etag, price: newPrice }, updateMask: { paths: ["price"] } };
  });
  if (values["dry-run"] || requests.length === 0) return;
  try {
    await catalog.products.batchUpdateProducts({ requests });
  } catch (error) {
    // The etags keep prices that somebody else changed in the meantime. Nothing was changed: start again with those.
    if (!isReason(error, "ETAG_MISMATCH")) throw error;
    console.log(`${error.rawMessage} Starting again.`);
    return reprice();
  }
  console.log(`Changed ${requests.length} prices.`);
}
