import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import pg from "pg";
import { patience } from "./patience.js";

const run = promisify(execFile);
const repository = new URL("../../../../", import.meta.url).pathname;

/** The first administrator of every server. */
export const ana = { email: "ana@example.com", name: "Ana", password: "correct horse battery" };

/** The databases to test with. CATALOG_TEST_DATABASES=sqlite leaves out PostgreSQL, for a quick try. */
export const databases = (process.env.CATALOG_TEST_DATABASES ?? "sqlite,postgres").split(",");

/** The real program, on a fresh database. */
export interface Server {
  readonly baseUrl: string;
  /** Kills the program, and starts it again on the same address and data. */
  crash(): Promise<void>;
  /** Stops the program and removes its data. */
  stop(): Promise<void>;
}

let program: Promise<string> | undefined;

/** Builds the program, once. */
function build(): Promise<string> {
  program ??= (async () => {
    const path = join(await mkdtemp(join(tmpdir(), "catalog-client-")), "catalog");
    await run("go", ["build", "-o", path, "./cmd/catalog"], { cwd: repository });
    process.once("exit", () => void run("rm", ["-rf", path]));
    return path;
  })();
  return program;
}

/** Starts the program and waits until it says that it is ready. */
export async function startServer(database: string, environment: Record<string, string> = {}): Promise<Server> {
  const path = await build();
  const dataDir = await mkdtemp(join(tmpdir(), "catalog-data-"));
  const fresh = await freshDatabase(database, dataDir);
  const env = {
    PATH: process.env.PATH,
    HOME: dataDir,
    CATALOG_ADDR: "127.0.0.1:0",
    CATALOG_DATA_DIR: dataDir,
    CATALOG_DATABASE_URL: fresh.url,
    ...environment,
  };
  const create = run(path, ["admin", "create", "--email", ana.email, "--name", ana.name, "--password-stdin"], {
    env,
    cwd: dataDir,
  });
  create.child.stdin?.end(`${ana.password}\n`);
  await create;
  let serving = await serve(path, dataDir, env);
  const { baseUrl } = serving;
  return {
    baseUrl,
    crash: async () => {
      serving.child.kill("SIGKILL");
      await serving.exited;
      serving = await serve(path, dataDir, { ...env, CATALOG_ADDR: new URL(baseUrl).host });
    },
    stop: async () => {
      serving.child.kill("SIGTERM");
      await serving.bounded(serving.exited);
      await fresh.drop();
      await rm(dataDir, { recursive: true, force: true });
      assert.equal(serving.child.exitCode, 0, serving.log.join(""));
    },
  };
}

/** Starts the program and waits until it serves. */
async function serve(path: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn(path, ["serve"], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const log: string[] = [];
  child.stderr.on("data", (chunk) => {
    log.push(String(chunk));
    if (String(chunk).includes("level=ERROR")) process.stderr.write(chunk);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  /** Does what comes to its end only if the program does something, and kills a program that does not. */
  const bounded = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), patience);
    return work.finally(() => clearTimeout(timer));
  };
  return { child, log, exited, bounded, baseUrl: await bounded(addressOf(child, log)) };
}

/** The address that the program prints once it is ready. */
async function addressOf(child: ChildProcess, log: string[]): Promise<string> {
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^\s*API\s+(http\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      child.stdout.resume();
      return address;
    }
  }
  throw new Error(`the server did not start: ${log.join("")}`);
}

async function freshDatabase(database: string, dataDir: string): Promise<{ url: string; drop(): Promise<void> }> {
  if (database === "sqlite") return { url: `sqlite:${join(dataDir, "catalog.db")}`, drop: async () => {} };
  const admin = process.env.CATALOG_TEST_POSTGRES_URL;
  assert.ok(
    admin,
    "CATALOG_TEST_POSTGRES_URL is not set. In the repository's root: go run ./test/dbtest/withpostgres npm --prefix clients/typescript test",
  );
  const name = `client_${randomUUID().replaceAll("-", "")}`;
  const execute = async (sql: string) => {
    const client = new pg.Client(admin);
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await execute(`CREATE DATABASE ${name}`);
  // Not with URL: that of a server on a Unix socket has no host, which URL refuses.
  const url = admin.replace(/^(postgres(?:ql)?:\/\/[^/]*)\/[^?]*/, `$1/${name}`);
  return { url, drop: () => execute(`DROP DATABASE ${name} WITH (FORCE)`) };
}
