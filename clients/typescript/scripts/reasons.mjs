// Writes src/reasons.ts from internal/fault/reasons.go, the server's own list.
// With --check it writes nothing and fails if the file is not up to date.
import { readFileSync, writeFileSync } from "node:fs";

const source = new URL("../../../internal/fault/reasons.go", import.meta.url);
const target = new URL("../src/reasons.ts", import.meta.url);

const reasons = [...readFileSync(source, "utf8").matchAll(/^\s*\w+\s+Reason\s*=\s*"([A-Z_]+)"/gm)]
  .map((match) => match[1])
  .sort();
const domain = readFileSync(source, "utf8").match(/^const Domain = "([^"]+)"/m)?.[1];
if (reasons.length === 0 || domain === undefined) {
  throw new Error(`no reasons or no domain found in ${source.pathname}`);
}

const text = `// Made by scripts/reasons.mjs from internal/fault/reasons.go. Do not edit.

/** The domain of every reason, as in google.rpc.ErrorInfo. */
export const errorDomain = "${domain}";

/** Every reason that the server gives for an error. docs/errors.md says what each one means. */
export const reasons = [
${reasons.map((reason) => `  "${reason}",`).join("\n")}
] as const;

/** Why the server refused a call: stable, unlike the text of the error. */
export type Reason = (typeof reasons)[number];
`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/reasons.ts is not up to date: run npm run generate");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
