import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `npm run dev` finds the catalog. */
const server = process.env["CATALOG_SERVER"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
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
