// Bundles pages as a browser would get them, and fails if one is larger than it may be. Run after npm run build.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const pages = [
  {
    name: "reads products",
    maxKB: 45,
    code: `import { createProducts, formatMoney } from "@zebrands/catalog";
      const products = createProducts({ baseUrl: "https://catalog.example.com" });
      for await (const { name, price } of products.list({ query: "lamp" })) console.log(name, formatMoney(price));`,
  },
  {
    name: "uses every service",
    maxKB: 50,
    code: `import { createCatalog } from "@zebrands/catalog";
      globalThis.catalog = createCatalog({ baseUrl: "https://catalog.example.com" });`,
  },
];

let failed = false;
for (const { name, maxKB, code } of pages) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const kilobytes = gzipSync(outputFiles[0].contents, { level: 9 }).byteLength / 1000;
  failed ||= kilobytes > maxKB;
  console.log(`${name}: ${kilobytes.toFixed(1)} kB gzip of ${maxKB}${kilobytes > maxKB ? ": too large" : ""}`);
}
process.exit(failed ? 1 : 0);
