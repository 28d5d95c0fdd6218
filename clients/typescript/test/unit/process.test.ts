import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";

/** A program whose call is aborted while it waits for the refresh of the session, which fails later. */
const program = (httpVersion: string) => `
import { createServer } from "node:${httpVersion === "2" ? "http2" : "http"}";
import { createCatalog } from "@zebrands/catalog/node";

const refresh = Promise.withResolvers();
const server = createServer((request, response) => {
  refresh.resolve({ request, response });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

let tokens = { accessToken: "old", refreshToken: "good", refreshTime: 1 };
const answers = [];
const catalog = createCatalog({
  baseUrl: \`http://127.0.0.1:\${server.address().port}\`,
  httpVersion: "${httpVersion}",
  retry: false,
  tokenStore: { get: () => tokens, set: (next) => { tokens = next; } },
});
const controller = new AbortController();
const call = catalog.products.listProducts({}, { signal: controller.signal }).catch(({ code }) => answers.push(code));
const { request, response } = await refresh.promise;
answers.push(request.url);
controller.abort();
await call;
response.writeHead(401, { "Content-Type": "application/json" });
response.end('{"code": "unauthenticated"}');
// The refresh has failed once its tokens are gone.
while (tokens !== undefined) await new Promise(setImmediate);
await new Promise(setImmediate);
catalog.close();
server.close();
console.log(JSON.stringify(answers));
`;

for (const httpVersion of ["1.1", "2"]) {
  test(`over HTTP/${httpVersion}, an aborted call whose shared refresh fails later does not end the process`, async () => {
    const child = spawn(
      process.execPath,
      ["--unhandled-rejections=strict", "--input-type=module", "--eval", program(httpVersion)],
      {
        cwd: new URL("../..", import.meta.url),
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(output), ["/catalog.v1.AuthService/RefreshSession", 1]);
  });
}
