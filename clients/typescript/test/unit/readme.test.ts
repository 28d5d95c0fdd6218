import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

const root = new URL("../../", import.meta.url);

/** What the snippets take from the program around them. */
const around = `
import { type Catalog, createCatalog, addMoney, compareMoney, formatMoney, type MoneyValue, multiplyMoney, parseMoney } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";
import { TrackingService } from "@zebrands/catalog";
declare const [email, password, baseUrl]: [string, string, string];
declare function askForPassword(): Promise<string | undefined>;
declare const [price, a, b]: [MoneyValue, MoneyValue, MoneyValue];
declare const words: Partial<Record<string, string>>;
declare function render(signedIn: boolean, reason?: string): void;
declare function mark(field: string, text: string): void;
declare function load(): Promise<string>;
declare function save(cursor: string): Promise<void>;
declare function apply(change: import("@zebrands/catalog").ProductChange): Promise<void>;
declare function handle(operation: number, product: import("@zebrands/catalog").Product | undefined): Promise<void>;
declare function transaction(work: () => Promise<unknown>): Promise<void>;
declare function App(): null;
declare const root: { render(element: unknown): void };
`;

/** Returns the README's TypeScript, each snippet a program of its own. */
function snippets(): string[] {
  const readme = readFileSync(new URL("README.md", root), "utf8");
  return [...readme.matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
}

/** Leaves out of `around` what a snippet declares or imports itself. */
function program(snippet: string): string {
  const own = new Set(
    [...snippet.matchAll(/\b(?:import \{([^}]*)\}|const (\w+) =)/g)].flatMap((m) => (m[1] ?? m[2] ?? "").split(",")),
  );
  const names = [...own].map((name) => name.trim());
  const prelude = around.replace(/import \{([^}]*)\} from/g, (_, list: string) => {
    const left = list.split(",").filter((item) => !names.includes(item.replace("type ", "").trim()));
    return `import {${left.join(",")}} from`;
  });
  const catalog = names.includes("catalog") ? "" : "declare const catalog: Catalog;";
  const product = names.includes("product") ? "" : 'declare const product: import("@zebrands/catalog").Product;';
  return `${prelude}${catalog}${product}\n${snippet}\nexport {};`;
}

test("the README's code is TypeScript that compiles", () => {
  const programs = snippets();
  assert.ok(programs.length >= 6, `${programs.length} snippets`);
  const { config } = ts.readConfigFile(new URL("tsconfig.json", root).pathname, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root.pathname);
  const relaxed = { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false, noUncheckedIndexedAccess: false };
  const files = new Map(programs.map((snippet, i) => [new URL(`test/readme-${i}.tsx`, root).pathname, program(snippet)]));
  const host = ts.createCompilerHost(relaxed);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, language, ...rest) : ts.createSourceFile(name, text, language);
  };
  const found = ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], relaxed, host));
  assert.deepEqual(
    found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`),
    [],
    [...files.values()].join("\n-----\n"),
  );
});
