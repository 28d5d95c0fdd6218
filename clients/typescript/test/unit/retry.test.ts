import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { productsOn } from "../../src/clients.js";
import { reasonOf } from "../../src/errors.js";
import { ProductService } from "../../src/gen/catalog/v1/product_pb.js";
import { type RetryClock, type RetryOptions, retryInterceptor } from "../../src/retry.js";
import { fault } from "./faults.js";

/** A client whose calls fail with the given errors, one after the other, then succeed. */
function failing(errors: unknown[], options: RetryOptions = {}, clock: Partial<RetryClock> = {}) {
  const waits: number[] = [];
  let calls = 0;
  const answer = () => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return {};
  };
  const retry = retryInterceptor(options, {
    random: () => 1,
    wait: async (ms) => void waits.push(ms),
    ...clock,
  });
  const transport = createRouterTransport(
    (router) => router.service(ProductService, { listProducts: answer, createProduct: answer }),
    { transport: { interceptors: [retry] } },
  );
  return { products: productsOn(transport), waits, calls: () => calls };
}

const unavailable = new ConnectError("away", Code.Unavailable);

test("a safe call is tried again after waits that double", async () => {
  const { products, waits, calls } = failing([unavailable, unavailable, unavailable]);
  await products.listProducts({});
  assert.equal(calls(), 4);
  assert.deepEqual(waits, [200, 400, 800]);
});

test("waits are random and have an upper limit", async () => {
  const { products, waits } = failing(
    [unavailable, unavailable, unavailable],
    { baseDelayMs: 1000, maxDelayMs: 1500 },
    { random: () => 0.5 },
  );
  await products.listProducts({});
  assert.deepEqual(waits, [500, 750, 750]);
});

test("the last error is thrown when every try failed", async () => {
  const { products, calls } = failing([unavailable, unavailable, unavailable], { maxAttempts: 3 });
  await assert.rejects(products.listProducts({}), { code: Code.Unavailable });
  assert.equal(calls(), 3);
});

test("a call that writes is tried once", async () => {
  const { products, calls } = failing([unavailable]);
  await assert.rejects(products.createProduct({}), { code: Code.Unavailable });
  assert.equal(calls(), 1);
});

test("an error that would come again is thrown at once", async () => {
  const { products, calls } = failing([fault(Code.InvalidArgument, "FILTER_INVALID")]);
  await assert.rejects(products.listProducts({}), (error) => reasonOf(error) === "FILTER_INVALID");
  assert.equal(calls(), 1);
});

test("the server's own wait is kept, plus some back-off", async () => {
  const { products, waits } = failing([fault(Code.Unavailable, "DATABASE_UNAVAILABLE", { retryMs: 3000 })]);
  await products.listProducts({});
  assert.deepEqual(waits, [3200]);
});

test("a wait that is too long is left to the caller", async () => {
  const { products, calls } = failing([fault(Code.Unavailable, "DATABASE_UNAVAILABLE", { retryMs: 60_000 })]);
  await assert.rejects(products.listProducts({}), { code: Code.Unavailable });
  assert.equal(calls(), 1);
});

test("an overloaded server is tried again if it says when", async () => {
  const asked = failing([fault(Code.ResourceExhausted, "SIGN_IN_THROTTLED", { retryMs: 1000 })]);
  await asked.products.listProducts({});
  const silent = failing([fault(Code.ResourceExhausted, "REQUEST_TOO_LARGE")]);
  await assert.rejects(silent.products.listProducts({}), { code: Code.ResourceExhausted });
});

test("an abort ends the wait", async () => {
  const controller = new AbortController();
  const { products, calls } = failing(
    [unavailable, unavailable],
    {},
    {
      wait: async (_ms, signal) => {
        controller.abort();
        signal.throwIfAborted();
      },
    },
  );
  await assert.rejects(products.listProducts({}, { signal: controller.signal }), { code: Code.Canceled });
  assert.equal(calls(), 1);
});

test("the deadline spans all tries", async () => {
  const { products } = failing(
    [unavailable, unavailable],
    {},
    {
      wait: (_ms, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    },
  );
  await assert.rejects(products.listProducts({}, { timeoutMs: 20 }), { code: Code.DeadlineExceeded });
});

/** A client whose first attempts get no answer. */
function silentAtFirst(attempts: number, options: RetryOptions, timeoutMs: number) {
  let calls = 0;
  const answer = async (_: unknown, { signal }: { signal: AbortSignal }) => {
    if (++calls <= attempts) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return {};
  };
  const transport = createRouterTransport((router) => router.service(ProductService, { listProducts: answer }), {
    transport: { interceptors: [retryInterceptor({ baseDelayMs: 1, ...options })], defaultTimeoutMs: timeoutMs },
  });
  return { products: productsOn(transport), calls: () => calls };
}

test("an attempt without an answer is given up, within the call's time", async () => {
  const { products, calls } = silentAtFirst(3, { attemptTimeoutMs: 5 }, 60_000);
  await products.listProducts({});
  assert.equal(calls(), 4);
});

test("the last attempt has the rest of the call's time", async () => {
  const { products, calls } = silentAtFirst(3, { attemptTimeoutMs: 5, maxAttempts: 3 }, 100);
  await assert.rejects(products.listProducts({}), { code: Code.DeadlineExceeded, rawMessage: "the operation timed out" });
  assert.equal(calls(), 3);
});

test("an attempt takes half of the call's time unless it is told otherwise", async () => {
  const half = silentAtFirst(1, {}, 400);
  await half.products.listProducts({});
  assert.equal(half.calls(), 2);
  const whole = silentAtFirst(1, { attemptTimeoutMs: 0 }, 50);
  await assert.rejects(whole.products.listProducts({}), { code: Code.DeadlineExceeded });
  assert.equal(whole.calls(), 1);
});
