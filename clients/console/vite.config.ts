import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { paths } from "./src/app/paths.js";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `npm run dev` finds the catalog. */
const server = process.env["CATALOG_SERVER"] ?? "http://localhost:8080";

/** Tells the server which paths are pages. */
const emitPaths: Plugin = {
  name: "paths",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: ".vite/paths.json", source: `${JSON.stringify(paths, undefined, 2)}\n` });
  },
};

export default defineConfig({
  plugins: [react(), tailwindcss(), emitPaths],
  resolve: {
    alias: [
      { find: /^@zebrands\/catalog$/, replacement: source("../typescript/src/index.ts") },
      { find: /^@zebrands\/catalog\/react$/, replacement: source("../typescript/src/react.tsx") },
      { find: /^react-remove-scroll$/, replacement: source("src/vendor/react-remove-scroll.tsx") },
      { find: /^@\//, replacement: `${source("src")}/` },
    ],
    // The client's sources lie outside this folder: they must use our copy of what both need.
    dedupe: [
      "@bufbuild/protobuf",
      "@connectrpc/connect",
      "@connectrpc/connect-web",
      "@connectrpc/connect-query",
      "@tanstack/react-query",
      "react",
      "react-dom",
    ],
  },
  build: {
    target: ["chrome123", "firefox128", "safari17.5"],
    manifest: true,
    // Everything is a file of its own: the content security policy allows no data: scripts or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    fs: { allow: [".", "../typescript/src"] },
    proxy: { "/catalog.v1.": { target: server }, "/openapi.json": server, "/docs": server },
  },
});
