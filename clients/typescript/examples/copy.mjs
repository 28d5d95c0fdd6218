// Keeps a copy of the catalog's products in a SQLite file, in sync, until it is stopped:
//
//   CATALOG_EMAIL=ana@example.com CATALOG_PASSWORD=… node examples/copy.mjs copy.db
//
// It may be killed at any moment: products and cursor are stored in one transaction. Let a supervisor, such as systemd, start it
// again when it ends. The catalog is at CATALOG_URL, or http://localhost:8080. Node 22.12 needs --experimental-sqlite.
import { DatabaseSync } from "node:sqlite";
import { isReason } from "@zebrands/catalog";
import { createCatalog } from "@zebrands/catalog/node";

const { CATALOG_URL = "http://localhost:8080", CATALOG_EMAIL, CATALOG_PASSWORD } = process.env;
const [path] = process.argv.slice(2);
if (!path || !CATALOG_EMAIL || !CATALOG_PASSWORD) {
  console.error("usage: CATALOG_EMAIL=… CATALOG_PASSWORD=… node copy.mjs FILE");
  process.exit(2);
}

const db = new DatabaseSync(path);
db.exec("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL"); // others may read it meanwhile
db.exec("CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, sku TEXT, name TEXT, brand TEXT, price TEXT, etag TEXT)");
db.exec("CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 1), cursor TEXT)");
const upsert = db.prepare("INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?, ?)");
const remove = db.prepare("DELETE FROM products WHERE id = ?");
const position = db.prepare("INSERT OR REPLACE INTO position VALUES (1, ?)");

const catalog = createCatalog({ baseUrl: CATALOG_URL });
await catalog.session.signIn({ email: CATALOG_EMAIL, password: CATALOG_PASSWORD });
for (;;) {
  try {
    const cursor = db.prepare("SELECT cursor FROM position").get()?.cursor ?? (await copy());
    for await (const { changes, cursor: next } of catalog.products.watch({ cursor }).batches()) {
      // Changes that a release before this one wrote have no product.
      const products = changes.map(({ productId, product }) => product ?? catalog.products.get({ id: productId }));
      store(await Promise.all(products), next);
    }
  } catch (error) {
    // The catalog was restored from a backup, and does not know the cursor anymore.
    if (!isReason(error, "CURSOR_INVALID")) throw error;
    db.exec("DELETE FROM position");
  }
}

/** Copies all products. Changes after the cursor may be in the list already; to apply them again does no harm. */
async function copy() {
  const { nextCursor } = await catalog.products.listProductChanges({ pageSize: 1 });
  const products = await catalog.products.list({ pageSize: 1000, orderBy: "create_time" }).toArray();
  store(products, nextCursor, "DELETE FROM products");
  return nextCursor;
}

function store(products, cursor, before = "") {
  db.exec(`BEGIN; ${before}`);
  for (const { id, sku, name, brand, price, etag, deleteTime } of products) {
    if (deleteTime) remove.run(id);
    else upsert.run(id, sku, name, brand, `${price.amount} ${price.currencyCode}`, etag);
  }
  position.run(cursor);
  db.exec("COMMIT");
}
