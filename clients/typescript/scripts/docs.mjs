// Fails if docs/api is not what the docstrings make.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const fresh = mkdtempSync(join(tmpdir(), "catalog-docs-"));
try {
  execFileSync("npx", ["typedoc", "--out", fresh, "--logLevel", "Warn"], { stdio: "inherit" });
  execFileSync("diff", ["-r", "docs/api", fresh], { stdio: "inherit" });
} catch {
  console.error("docs/api is not up to date: run npm run docs");
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true });
}
