import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Code, ConnectError, type Product } from "@zebrands/catalog";
import { createCatalog, type NodeCatalog } from "@zebrands/catalog/node";
import { patience, until } from "./patience.js";
import { ana, databases, type Server, startServer } from "./server.js";

const run = promisify(execFile);
const script = new URL("../../examples/copy.mjs", import.meta.url).pathname;
/** Node 22.12 has SQLite only with the first one; later ones take it. */
const flags = ["--experimental-sqlite", "--disable-warning=ExperimentalWarning"];
/** How often something is killed. */
const kills = 12;

const random = (below: number) => Math.floor(Math.random() * below);

/** The example, started again whenever it ends, as by systemd. */
class Copier {
  /** What it said before it ended by itself. */
  readonly crashes: string[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #path: string;
  readonly #ended: Promise<void>;
  #child: ChildProcess | undefined;
  #stopping = false;

  constructor(path: string, baseUrl: string) {
    this.#path = path;
    this.#env = { ...process.env, CATALOG_URL: baseUrl, CATALOG_EMAIL: ana.email, CATALOG_PASSWORD: ana.password };
    this.#ended = this.#supervise();
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.kill();
    await this.#ended;
  }

  /** Returns the products that it has copied, in the order of their ids. */
  async products(): Promise<object[]> {
    const code = `import { DatabaseSync } from "node:sqlite";
      const db = new DatabaseSync(process.argv[1]);
      db.exec("PRAGMA busy_timeout = ${patience}");
      console.log(JSON.stringify(db.prepare("SELECT * FROM products ORDER BY id").all()));`;
    const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "--eval", code, this.#path]);
    return JSON.parse(stdout) as object[];
  }

  async #supervise(): Promise<void> {
    while (!this.#stopping) {
      const child = spawn(process.execPath, [...flags, script, this.#path], {
        env: this.#env,
        stdio: ["ignore", "inherit", "pipe"],
      });
      this.#child = child;
      const output: string[] = [];
      child.stderr.on("data", (chunk) => output.push(String(chunk)));
      const [status] = await once(child, "close");
      if (status !== null) this.crashes.push(output.join(""));
    }
  }
}

/** Changes products at random, whatever happens to the server. */
class Writer {
  /** How many changes the server has confirmed. */
  confirmed = 0;
  readonly #products: NodeCatalog["products"];
  readonly #live: Product[] = [];
  readonly #deleted: Product[] = [];
  readonly #ended: Promise<void>;
  #stopping = false;

  constructor(products: NodeCatalog["products"]) {
    this.#products = products;
    this.#ended = this.#write();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #write(): Promise<void> {
    for (let n = 0; !this.#stopping; n++) {
      try {
        await this.#change(n);
        this.confirmed++;
      } catch (error) {
        // The server stayed away for longer than the retries took. Nobody touches that product again.
        if (!(error instanceof ConnectError) || error.code !== Code.Unavailable) throw error;
      }
    }
  }

  async #change(n: number): Promise<void> {
    const of = (list: Product[]) => list.splice(random(list.length), 1)[0];
    const some = n % 4 === 0 ? undefined : of(this.#live);
    const gone = n % 19 === 0 ? of(this.#deleted) : undefined;
    if (gone !== undefined) {
      const { product } = await this.#products.undeleteProduct({ id: gone.id });
      this.#live.push(product ?? gone);
    } else if (some === undefined) {
      const price = { amount: `${n}`, currencyCode: "MXN" };
      const { product } = await this.#products.createProduct({ product: { sku: `SKU-${n}`, name: "New", brand: "Acme", price } });
      if (product) this.#live.push(product);
    } else if (n % 9 === 0) {
      await this.#products.deleteProduct({ id: some.id, etag: some.etag });
      this.#deleted.push(some);
    } else {
      const { product } = await this.#products.updateProduct({ product: { id: some.id, name: `Name ${n}`, etag: some.etag } });
      this.#live.push(product ?? some);
    }
  }
}

for (const database of databases) {
  describe(`the example that keeps a copy, on ${database}`, () => {
    let server: Server;
    let dir: string;
    before(async () => {
      server = await startServer(database);
      dir = await mkdtemp(join(tmpdir(), "catalog-copy-"));
    });
    after(async () => {
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    test("the copy is equal in the end, whatever was killed meanwhile", async () => {
      const catalog = createCatalog({ baseUrl: server.baseUrl });
      await catalog.session.signIn(ana);
      const writer = new Writer(catalog.products);
      const copier = new Copier(join(dir, "copy.db"), server.baseUrl);
      try {
        await until("there is a first copy", async () => (await copier.products().catch(() => [])).length > 0);
        for (let kill = 0; kill < kills; kill++) {
          const enough = writer.confirmed + random(30);
          await until("there are further changes", () => writer.confirmed >= enough);
          if (kill % 3 !== 0) copier.kill();
          if (kill % 3 !== 1) await server.crash();
        }
        await writer.stop();
        const products = (await catalog.products.list({ pageSize: 1000, orderBy: "sku" }).toArray())
          .map(({ id, sku, name, brand, price, etag }) => ({
            id,
            sku,
            name,
            brand,
            price: `${price?.amount} ${price?.currencyCode}`,
            etag,
          }))
          .sort((a, b) => (a.id < b.id ? -1 : 1));
        assert.ok(products.length > 0);
        await until("the copy is equal", async () => JSON.stringify(await copier.products()) === JSON.stringify(products));
        // It ends by itself only if it starts while the server is away.
        for (const crash of copier.crashes) assert.match(crash, /ConnectError: \[unavailable\]/);
      } finally {
        await writer.stop();
        await copier.stop();
        catalog.close();
      }
    });
  });
}
