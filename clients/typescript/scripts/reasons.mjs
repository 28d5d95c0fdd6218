// Writes src/reasons.ts from the server's own lists in internal/fault.
// With --check it writes nothing and fails if the file is not up to date.
import { readFileSync, writeFileSync } from "node:fs";

const lists = new URL("../../../internal/fault/", import.meta.url);
const target = new URL("../src/reasons.ts", import.meta.url);

const source = readFileSync(new URL("reasons.go", lists), "utf8");
const reasons = constants(source, "Reason");
const fieldReasons = constants(readFileSync(new URL("fieldreasons.go", lists), "utf8"), "FieldReason");
const domain = source.match(/^const Domain = "([^"]+)"/m)?.[1];
if (reasons.length === 0 || fieldReasons.length === 0 || domain === undefined) {
  throw new Error(`no reasons or no domain found in ${lists.pathname}`);
}

function constants(text, type) {
  return [...text.matchAll(new RegExp(`^\\s*\\w+\\s+${type}\\s*=\\s*"([A-Z_]+)"`, "gm"))].map((match) => match[1]).sort();
}

function array(values) {
  return `[\n${values.map((value) => `  "${value}",`).join("\n")}\n] as const`;
}

const text = `// Made by scripts/reasons.mjs from internal/fault. Do not edit.

/** The domain of every reason, as in google.rpc.ErrorInfo. */
export const errorDomain = "${domain}";

/** Every reason that the server gives for an error. docs/errors.md says what each one means. */
export const reasons = ${array(reasons)};

/** Why the server refused a call: stable, unlike the text of the error. */
export type Reason = (typeof reasons)[number];

/** Every reason that the server gives for a field alone. docs/errors.md says what each one means. */
export const fieldReasons = ${array(fieldReasons)};

/** What is wrong with a field: stable, unlike its description. That of the whole error, if the field breaks none of these rules. */
export type FieldReason = (typeof fieldReasons)[number] | Reason;
`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/reasons.ts is not up to date: run npm run generate");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
