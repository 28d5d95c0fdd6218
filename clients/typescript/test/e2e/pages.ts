import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

const root = new URL("../..", import.meta.url).pathname;

/** Bundles a module that imports the built package, as a page would load it. */
export async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "tsx" },
    bundle: true,
    format: "esm",
    platform: "browser",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** Serves files by their path, on an origin of their own. */
export async function serve(files: Record<string, string>): Promise<{ origin: string; stop(): Promise<void> }> {
  const types: Record<string, string> = { js: "text/javascript", html: "text/html" };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const content = files[path];
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": types[path.split(".").at(-1) ?? ""] ?? "text/html" });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
