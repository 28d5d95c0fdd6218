import assert from "node:assert/strict";
import { test } from "node:test";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { assemble } from "../../src/catalog.js";
import { reasonOf } from "../../src/errors.js";
import { AuthService } from "../../src/gen/catalog/v1/auth_pb.js";
import { type ProductChange, ProductService, type WatchProductChangesRequest } from "../../src/gen/catalog/v1/product_pb.js";
import { interceptorsOf } from "../../src/transport.js";
import { Watch, type WatchQuery } from "../../src/watch.js";
import { fault } from "./faults.js";

type Responses = AsyncGenerator<{ cursor: string; changes?: { sequence: bigint }[] }>;
type Script = (request: WatchProductChangesRequest, context: HandlerContext) => Responses;

/** Some changes with a cursor that is named after the last one. */
const changes = (...numbers: number[]) => ({
  cursor: `after ${numbers.at(-1)}`,
  changes: numbers.map((n) => ({ sequence: BigInt(n) })),
});
const heartbeat = (cursor: string) => ({ cursor });
const lost = new ConnectError("away", Code.Unavailable);

/** Says nothing more until the client is gone. */
async function* silence(context: HandlerContext): Responses {
  await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
}

/** A server that answers each stream by a script of its own, and says nothing to those after them. */
function server(...scripts: Script[]) {
  const state = {
    requests: [] as WatchProductChangesRequest[],
    headers: [] as Headers[],
    waits: [] as number[],
    open: 0,
    refreshes: 0,
  };
  const { products, session } = assemble({}, (session) =>
    createRouterTransport(
      (router) => {
        router.service(ProductService, {
          async *watchProductChanges(request, context) {
            state.requests.push(request);
            state.headers.push(context.requestHeader);
            state.open++;
            context.signal.addEventListener("abort", () => state.open--, { once: true });
            yield* (scripts[state.requests.length - 1] ?? ((_, context) => silence(context)))(request, context);
          },
        });
        const tokens = (name: string) => ({
          accessToken: `access-${name}`,
          refreshToken: `refresh-${name}`,
          expireTime: timestampFromMs(Date.now() + 900_000),
          admin: { name: "Ana" },
        });
        router.service(AuthService, {
          signIn: () => tokens("0"),
          refreshSession: () => tokens(String(++state.refreshes)),
        });
      },
      { transport: { interceptors: interceptorsOf({ baseUrl: "" }, session) } },
    ),
  );
  const clock = { random: () => 1, wait: async (ms: number) => void state.waits.push(ms) };
  const watch = (query: WatchQuery = {}) => new Watch(products.watchProductChanges, query, {}, clock);
  return { state, products, session, watch };
}

/** Reads so many changes and leaves the loop. */
async function take(watch: Watch, count: number): Promise<number[]> {
  const taken: number[] = [];
  for await (const { sequence } of watch) {
    taken.push(Number(sequence));
    if (taken.length === count) break;
  }
  return taken;
}

test("changes come one by one, from the cursor on, through the filter", async () => {
  const { state, watch } = server(async function* () {
    yield changes(1, 2);
    yield changes(3);
  });
  assert.deepEqual(await take(watch({ cursor: "after 0", filter: 'brand = "Acme"' }), 3), [1, 2, 3]);
  assert.deepEqual(
    state.requests.map(({ cursor, filter }) => [cursor, filter]),
    [["after 0", 'brand = "Acme"']],
  );
});

test("a watch continues after the last change that it received", async () => {
  const { state, watch } = server(
    async function* () {
      yield changes(1, 2);
      throw lost;
    },
    async function* () {
      yield heartbeat("after 7");
      throw fault(Code.Unavailable, "SHUTTING_DOWN", { retryMs: 1000 });
    },
    async function* () {}, // ends in good order
    async function* () {
      yield changes(8);
    },
  );
  assert.deepEqual(await take(watch(), 3), [1, 2, 8]);
  assert.deepEqual(
    state.requests.map(({ cursor }) => cursor),
    ["", "after 2", "after 7", "after 7"],
  );
  assert.deepEqual(state.waits, [200, 1200, 400]);
});

test("waits double while nothing comes", async () => {
  const away: Script = async function* () {
    yield* [];
    throw lost;
  };
  const { state, watch } = server(away, away, away, away, away, away, async function* () {
    yield changes(1);
  });
  await take(watch(), 1);
  assert.deepEqual(state.waits, [200, 400, 800, 1600, 3200, 5000]);
});

test("the cursor is never ahead of the change that is handled", async () => {
  const { watch } = server(async function* () {
    yield changes(1, 2, 3);
    yield heartbeat("after 5");
    yield changes(6);
  });
  const following = watch({ cursor: "after 0" });
  const seen: [bigint, string][] = [];
  for await (const { sequence } of following) {
    seen.push([sequence, following.cursor]);
    if (sequence === 6n) break;
  }
  assert.deepEqual(seen, [
    [1n, "after 0"],
    [2n, "after 0"],
    [3n, "after 3"],
    [6n, "after 6"],
  ]);
});

test("another loop begins with what the first one may not have handled", async () => {
  const script: Script = async function* () {
    yield changes(1);
    yield changes(2, 3);
  };
  const { state, watch } = server(script, script);
  const following = watch({ cursor: "after 0" });
  assert.deepEqual(await take(following, 3), [1, 2, 3]);
  assert.equal(following.cursor, "after 3");
  await take(following, 1);
  assert.deepEqual(
    state.requests.map(({ cursor }) => cursor),
    ["after 0", "after 1"],
  );
});

test("batches have changes and the cursor after them, or a new cursor alone", async () => {
  const { watch } = server(async function* () {
    yield heartbeat("after 0");
    yield heartbeat("after 0");
    yield changes(1, 2);
    yield heartbeat("after 2");
    yield heartbeat("after 4");
  });
  const batches: [number[], string][] = [];
  const following = watch();
  for await (const { changes, cursor } of following.batches()) {
    batches.push([changes.map(({ sequence }) => Number(sequence)), cursor]);
    assert.equal(following.cursor, cursor);
    if (batches.length === 3) break;
  }
  assert.deepEqual(batches, [
    [[], "after 0"],
    [[1, 2], "after 2"],
    [[], "after 4"],
  ]);
});

test("leaving the loop closes the stream, and so does the signal", async () => {
  const script: Script = async function* (_, context) {
    yield changes(1);
    yield* silence(context);
  };
  const { state, watch } = server(script, script);
  await take(watch(), 1);
  assert.equal(state.open, 0);

  const controller = new AbortController();
  const taken: ProductChange[] = [];
  await assert.rejects(
    async () => {
      for await (const change of watch({ signal: controller.signal })) {
        taken.push(change);
        setImmediate(() => controller.abort());
      }
    },
    { code: Code.Canceled },
  );
  assert.equal(taken.length, 1);
  assert.equal(state.open, 0);
  await assert.rejects(take(watch({ signal: controller.signal }), 1), { code: Code.Canceled });
});

test("the signal ends the pause between two streams", async () => {
  const { products } = server(async function* () {
    yield* [];
    throw lost;
  });
  const controller = new AbortController();
  const following = new Watch(
    products.watchProductChanges,
    { signal: controller.signal },
    {},
    {
      random: () => 1,
      wait: async (_ms, signal) => {
        controller.abort();
        signal.throwIfAborted();
      },
    },
  );
  await assert.rejects(take(following, 1), { code: Code.Canceled });
});

test("a stream without heartbeats counts as lost", async () => {
  const { state, watch } = server(
    async function* (_, context) {
      yield heartbeat("after 3");
      yield* silence(context);
    },
    (_, context) => silence(context), // not even a first response
    async function* () {
      yield changes(4);
    },
  );
  assert.deepEqual(await take(watch({ silenceMs: 20 }), 1), [4]);
  assert.equal(state.requests.length, 3);
  assert.equal(state.requests[2]?.cursor, "after 3");
});

test("handling a change may take longer than the silence", async () => {
  const { state, watch } = server(async function* () {
    yield changes(1);
    yield changes(2);
  });
  const seen: bigint[] = [];
  for await (const { sequence } of watch({ silenceMs: 20 })) {
    seen.push(sequence);
    if (sequence === 2n) break;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  assert.deepEqual(seen, [1n, 2n]);
  assert.equal(state.requests.length, 1);
});

test("an expired token is renewed for the next stream, once", async () => {
  const expired: Script = async function* () {
    yield* [];
    throw fault(Code.Unauthenticated, "TOKEN_EXPIRED");
  };
  const { state, session, watch } = server(
    expired,
    async function* () {
      yield changes(1);
      throw fault(Code.Unauthenticated, "TOKEN_EXPIRED");
    },
    async function* () {
      yield changes(2);
      throw lost;
    },
    expired,
    expired,
  );
  await session.signIn({ email: "", password: "" });
  const seen: bigint[] = [];
  await assert.rejects(
    async () => {
      for await (const { sequence } of watch()) seen.push(sequence);
    },
    (error) => reasonOf(error) === "TOKEN_EXPIRED",
  );
  assert.deepEqual(seen, [1n, 2n]);
  assert.deepEqual(
    state.headers.map((header) => header.get("Authorization")),
    ["access-0", "access-1", "access-2", "access-2", "access-3"].map((token) => `Bearer ${token}`),
  );
});

test("an ended session ends the watch, and is forgotten", async () => {
  const { session, watch } = server(async function* () {
    yield changes(1);
    throw fault(Code.Unauthenticated, "SESSION_ENDED");
  });
  await session.signIn({ email: "", password: "" });
  await assert.rejects(take(watch(), 2), (error) => reasonOf(error) === "SESSION_ENDED");
  assert.ok(!(await session.isSignedIn()));
});

for (const { error, name } of [
  { name: "CURSOR_INVALID", error: fault(Code.FailedPrecondition, "CURSOR_INVALID") },
  { name: "FILTER_INVALID", error: fault(Code.InvalidArgument, "FILTER_INVALID") },
  { name: "ADMIN_REQUIRED", error: fault(Code.PermissionDenied, "ADMIN_REQUIRED") },
  { name: "a proxy's 403", error: new ConnectError("HTTP 403", Code.PermissionDenied) },
  { name: "a server without the method", error: new ConnectError("HTTP 404", Code.Unimplemented) },
]) {
  test(`${name} ends the watch`, async () => {
    const { state, watch } = server(async function* () {
      yield heartbeat("after 1");
      throw error;
    });
    await assert.rejects(take(watch(), 1), { code: error.code });
    assert.equal(state.requests.length, 1);
  });
}

for (const { error, name } of [
  { name: "a torn stream", error: new ConnectError("missing EndStreamResponse", Code.InvalidArgument) },
  { name: "an error of the server", error: fault(Code.Internal, "INTERNAL") },
  { name: "a limit", error: fault(Code.ResourceExhausted, "TOO_MANY_STREAMS") },
]) {
  test(`${name} does not end the watch`, async () => {
    const { watch } = server(
      async function* () {
        yield heartbeat("after 1");
        throw error;
      },
      async function* () {
        yield changes(2);
      },
    );
    assert.deepEqual(await take(watch(), 1), [2]);
  });
}

test("an address where there is no catalog is told at once", async () => {
  const open = () => {
    throw new ConnectError("unsupported content type text/html", Code.Unknown);
  };
  await assert.rejects(take(new Watch(open, {}, {}), 1), { code: Code.Unknown });
});
