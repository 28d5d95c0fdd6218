// Builds the console into a temporary folder and fails if dist/, which is committed, is not the same.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const outDir = mkdtempSync(join(tmpdir(), "console-dist-"));

function filesOf(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)]));
}

try {
  await build({ root, logLevel: "warn", build: { outDir, emptyOutDir: true } });
  const fresh = filesOf(outDir);
  const committed = filesOf(join(root, "dist"));
  const names = [...new Set([...fresh.keys(), ...committed.keys()])].sort();
  const different = names.filter((name) => {
    const [a, b] = [fresh.get(name), committed.get(name)];
    return a === undefined || b === undefined || !a.equals(b);
  });
  const untracked = execFileSync("git", ["status", "--porcelain", "--", "dist"], { cwd: root, encoding: "utf8" });
  if (different.length > 0) {
    console.error(`dist/ is not what the sources make. Run "npm run build" and commit it:\n  ${different.join("\n  ")}`);
    process.exitCode = 1;
  } else if (untracked !== "") {
    console.error(`dist/ is up to date but not committed:\n${untracked}`);
    process.exitCode = 1;
  } else {
    console.log(`dist/ is up to date: ${names.length} files`);
  }
} finally {
  rmSync(outDir, { recursive: true });
}
