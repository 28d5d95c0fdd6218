import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorMetadata, fieldViolations, isReason, reasonOf, retryDelay } from "../../src/errors.js";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import { fault } from "./faults.js";

test("a refused call tells its reason and what belongs to it", () => {
  const error = fault(Code.AlreadyExists, "SKU_TAKEN", { metadata: { product_id: "42" } });
  assert.equal(reasonOf(error), "SKU_TAKEN");
  assert.ok(isReason(error, "SKU_TAKEN"));
  assert.ok(isReason(error, "EMAIL_TAKEN", "SKU_TAKEN"));
  assert.ok(!isReason(error, "EMAIL_TAKEN"));
  assert.deepEqual(errorMetadata(error), { product_id: "42" });
  assert.deepEqual(fieldViolations(error), []);
});

test("a bad request tells which fields are to blame", () => {
  const error = fault(Code.InvalidArgument, "FIELD_INVALID", { fields: { "product.name": "REQUIRED" } });
  assert.deepEqual(fieldViolations(error), [{ field: "product.name", reason: "REQUIRED", description: "is wrong" }]);
});

test("errors of others have no reason", () => {
  const foreign = new ConnectError("no", Code.AlreadyExists, undefined, [
    { desc: ErrorInfoSchema, value: { reason: "SKU_TAKEN", domain: "shop.example" } },
  ]);
  for (const error of [foreign, new ConnectError("no", Code.Unavailable), new Error("no"), "no", undefined]) {
    assert.equal(reasonOf(error), undefined);
    assert.ok(!isReason(error, "SKU_TAKEN"));
    assert.deepEqual(errorMetadata(error), {});
    assert.deepEqual(fieldViolations(error), []);
    assert.equal(retryDelay(error), undefined);
  }
});

test("the wait that the server asks for comes from RetryInfo, or else from Retry-After", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse("Sun, 22 Nov 2026 12:00:00 GMT") });
  const header = (value: string) => new ConnectError("wait", Code.Unavailable, { "Retry-After": value });
  assert.equal(retryDelay(fault(Code.ResourceExhausted, "SIGN_IN_THROTTLED", { retryMs: 1500 })), 1500);
  assert.equal(retryDelay(header("7")), 7000);
  assert.equal(retryDelay(header("Sun, 22 Nov 2026 12:01:00 GMT")), 60_000);
  assert.equal(retryDelay(header("Sun, 22 Nov 2026 11:00:00 GMT")), 0);
  assert.equal(retryDelay(header("soon")), undefined);
});
