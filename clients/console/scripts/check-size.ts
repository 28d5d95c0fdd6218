// Fails if a page loads more JavaScript than it may, or the storefront any code of the console.
// Counts what loads before a page works: the entry, the page's own chunk, and everything that these import.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
}

const dist = new URL("../dist/", import.meta.url);
const manifest: Record<string, Chunk> = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const kilobyte = 1000;

const pages = [
  { name: "storefront", limit: 130, modules: ["index.html"] },
  { name: "storefront: a product", limit: 130, modules: ["index.html", "src/features/storefront/product-page.tsx"] },
  {
    name: "console: sign-in",
    limit: 250,
    modules: ["index.html", "src/app/account/layout.tsx", "src/features/auth/sign-in-page.tsx"],
  },
  ...Object.keys(manifest)
    .filter((module) => /^src\/features\/(?!storefront|auth).*page\.tsx$/.test(module))
    .map((module) => ({
      name: `console: ${module.slice("src/features/".length, -".tsx".length)}`,
      limit: 250,
      modules: ["index.html", "src/app/admin/layout.tsx", module],
    })),
];

/** Returns the files that load with modules, each once. */
function filesOf(modules: readonly string[], found = new Set<string>()): Set<string> {
  for (const module of modules) {
    const chunk = manifest[module];
    if (chunk === undefined) throw new Error(`${module} is not in the build`);
    if (found.has(chunk.file)) continue;
    found.add(chunk.file);
    filesOf(chunk.imports ?? [], found);
  }
  return found;
}

let failed = false;
for (const { name, limit, modules } of pages) {
  const files = [...filesOf(modules)];
  const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length, 0);
  const tooMuch = size > limit * kilobyte;
  failed ||= tooMuch;
  console.log(`${name.padEnd(42)} ${(size / kilobyte).toFixed(1).padStart(6)} KB of ${limit}${tooMuch ? "  TOO MUCH" : ""}`);
}
process.exitCode = failed ? 1 : 0;
