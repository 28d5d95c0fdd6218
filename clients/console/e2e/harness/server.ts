import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { patience, until } from "./patience";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../../../", import.meta.url));

/** Who administers a server that {@link startServer} starts, unless told otherwise. */
export const ana = { email: "ana@example.com", name: "Ana Torres", password: "correct horse battery" };

/** The real program on an empty SQLite database. */
export interface Server {
  /** Where browsers find it. */
  readonly url: string;
  /** The link that creates the first administrator; empty if there is one. */
  readonly setupLink: string;
  /** Loads a CSV file's text, as Ana. */
  importCsv(csv: string): Promise<void>;
  /** Creates one more administrator who can sign in. */
  createAdmin(admin: { email: string; name: string; password: string }): Promise<void>;
  /** Calls an RPC such as "AdminService/ListAdmins" as Ana, and returns its answer. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON, of which each test knows the form.
  call(rpc: string, request: object): Promise<any>;
  /** Waits for the latest mail to somebody with a link, and returns the link. */
  linkMailedTo(email: string): Promise<string>;
  /** Makes all sessions look as if their people had proven who they are a day ago. Access tokens that they have stay as they are. */
  ageSessions(): Promise<void>;
  /** Stops the program and removes its data. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Whether Ana is there from the start. Default: true. */
  readonly withAdmin?: boolean;
  /** Further settings, such as CATALOG_NOTIFY_WINDOW. */
  readonly environment?: Readonly<Record<string, string>>;
}

let program: Promise<string> | undefined;

/** Builds the program once a process, or takes the one that CATALOG_BINARY names. */
function build(): Promise<string> {
  program ??= (async () => {
    const given = process.env["CATALOG_BINARY"];
    if (given !== undefined) return given;
    const folder = await mkdtemp(join(tmpdir(), "catalog-console-"));
    process.once("exit", () => spawn("rm", ["-rf", folder], { detached: true }));
    await run("go", ["build", "-o", join(folder, "catalog"), "./cmd/catalog"], { cwd: repository });
    return join(folder, "catalog");
  })();
  return program;
}

/** Starts the program and waits until it says that it is ready. */
export async function startServer({ withAdmin = true, environment = {} }: ServerOptions = {}): Promise<Server> {
  const path = await build();
  const dataDir = await mkdtemp(join(tmpdir(), "catalog-data-"));
  const env = {
    PATH: process.env["PATH"],
    HOME: dataDir,
    CATALOG_ADDR: "localhost:0",
    CATALOG_DATA_DIR: dataDir,
    CATALOG_NOTIFY_WINDOW: "1s",
    ...environment,
  };
  /** Runs one of the program's commands with a text as its input. */
  const command = async (args: readonly string[], input: string) => {
    const running = run(path, args, { env, cwd: dataDir });
    running.child.stdin?.end(input);
    await running;
  };
  const createAdmin: Server["createAdmin"] = ({ email, name, password }) =>
    command(["admin", "create", "--email", email, "--name", name, "--password-stdin"], `${password}\n`);
  if (withAdmin) await createAdmin(ana);
  const child = spawn(path, ["serve"], { env, cwd: dataDir, stdio: ["ignore", "pipe", "pipe"] });
  const log: string[] = [];
  child.stderr.on("data", (chunk) => log.push(String(chunk)));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  /** Does what comes to its end only if the program does something, and kills a program that does not. */
  const bounded = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), patience);
    return work.finally(() => clearTimeout(timer));
  };
  const welcome = await bounded(welcomeOf(child, !withAdmin));
  if (welcome === undefined) throw new Error(`the server did not start:\n${log.join("")}`);
  const { url, setupLink } = welcome;
  return {
    url,
    setupLink,
    createAdmin,
    importCsv: async (csv) => {
      const file = join(dataDir, "import.csv");
      await writeFile(file, csv);
      await command(["import", file, "--server", url, "--email", ana.email, "--password-stdin"], `${ana.password}\n`);
    },
    call: async (rpc, request) => {
      const { accessToken } = await post(url, "AuthService/SignIn", { email: ana.email, password: ana.password });
      return await post(url, rpc, request, { Authorization: `Bearer ${accessToken}` });
    },
    linkMailedTo: (email) => linkMailedTo(email, join(dataDir, "mailbox")),
    ageSessions: () => changeData(dataDir, "UPDATE sessions SET auth_time = datetime('now', '-1 day')"),
    stop: async () => {
      child.kill("SIGTERM");
      await bounded(exited);
      await rm(dataDir, { recursive: true, force: true });
      if (child.exitCode !== 0) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}:\n${log.join("")}`);
    },
  };
}

/** Reads what the program prints once it is ready: its address and, if asked for, the link that creates the first administrator. */
async function welcomeOf(child: ChildProcess, withSetup: boolean): Promise<{ url: string; setupLink: string } | undefined> {
  if (child.stdout === null) throw new Error("the program has no output");
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url ||= /^\s+API\s+(http:\S+)/.exec(line)?.[1] ?? "";
    const setupLink = /http:\S+\/setup#token=\S+/.exec(line)?.[0];
    if (url === "" || (withSetup && setupLink === undefined)) continue;
    child.stdout.resume();
    return { url, setupLink: setupLink ?? "" };
  }
  return undefined;
}

async function post(url: string, rpc: string, request: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/catalog.v1.${rpc}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(patience),
  });
  if (!response.ok) throw new Error(`${rpc}: ${response.status} ${await response.text()}`);
  return await response.json();
}

/** Changes the data of a server beside it, in a process of its own: Node 22.12 has SQLite behind a flag. */
async function changeData(dataDir: string, statement: string): Promise<void> {
  const code = `
    import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(process.argv[1]);
    database.exec("PRAGMA busy_timeout = ${patience}");
    database.exec(process.argv[2]);
    database.close();`;
  const flags = ["--experimental-sqlite", "--disable-warning=ExperimentalWarning", "--input-type=module"];
  await run(process.execPath, [...flags, "--eval", code, join(dataDir, "catalog.db"), statement]);
}

/** Reads the local mailbox until there is a mail with a link in it. */
async function linkMailedTo(email: string, mailbox: string): Promise<string> {
  let link: string | undefined;
  await until(`a mail with a link came to ${email}`, async () => {
    const files = (await readdir(mailbox).catch(() => [])).filter((name) => name.endsWith(".eml")).sort();
    for (const file of files.reverse()) {
      // Quoted-printable: long lines are broken by "=", and "=" itself is "=3D".
      const mail = (await readFile(join(mailbox, file), "utf8")).replaceAll(/=\r?\n/g, "").replaceAll("=3D", "=");
      if (mail.includes(email)) link ??= /https?:\/\/\S+#token=[\w.-]+/.exec(mail)?.[0];
    }
    return link !== undefined;
  });
  return link ?? "";
}
