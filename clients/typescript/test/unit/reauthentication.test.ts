import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { assemble, type SessionOptions } from "../../src/catalog.js";
import { isReason } from "../../src/errors.js";
import { AdminService } from "../../src/gen/catalog/v1/admin_pb.js";
import { fault } from "./faults.js";

/** A promise, and what settles it. */
function later<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A server that deletes administrators once the caller has proven who they are. */
function server(options: SessionOptions) {
  const state = { proven: false, deleted: [] as string[], refused: 0 };
  const catalog = assemble(options, (interceptors) =>
    createRouterTransport(
      (router) =>
        router.service(AdminService, {
          deleteAdmin: ({ id }) => {
            if (!state.proven) {
              state.refused++;
              throw fault(Code.Unauthenticated, "REAUTHENTICATION_REQUIRED");
            }
            if (id === "nobody") throw fault(Code.NotFound, "ADMIN_NOT_FOUND");
            state.deleted.push(id);
            return {};
          },
        }),
      { transport: { interceptors } },
    ),
  );
  return { state, admins: catalog.admins };
}

test("a call that needs proof is made once more after the handler has proven who it is", async () => {
  const asked: ConnectError[] = [];
  const { state, admins } = server({
    onReauthenticationRequired: async (error) => {
      asked.push(error);
      state.proven = true;
      return true;
    },
  });
  await admins.deleteAdmin({ id: "ana" });
  await assert.rejects(admins.deleteAdmin({ id: "nobody" }), (error) => isReason(error, "ADMIN_NOT_FOUND"));
  assert.deepEqual(state.deleted, ["ana"]);
  assert.equal(asked.length, 1);
  assert.ok(isReason(asked[0], "REAUTHENTICATION_REQUIRED"));
});

test("calls that need proof at the same time ask once", async () => {
  let asked = 0;
  const proof = later<boolean>();
  const { state, admins } = server({
    onReauthenticationRequired: () => {
      asked++;
      return proof.promise;
    },
  });
  const calls = ["ana", "beto", "carla"].map((id) => admins.deleteAdmin({ id }));
  while (state.refused < 3) await new Promise(setImmediate);
  state.proven = true;
  proof.resolve(true);
  await Promise.all(calls);
  assert.equal(asked, 1);
  assert.deepEqual(state.deleted.sort(), ["ana", "beto", "carla"]);
});

test("a call fails as it did if there is no proof, and is not made a third time", async () => {
  const unproven = server({ onReauthenticationRequired: async () => false });
  await assert.rejects(unproven.admins.deleteAdmin({ id: "ana" }), (error) => isReason(error, "REAUTHENTICATION_REQUIRED"));
  assert.equal(unproven.state.refused, 1);

  const stale = server({ onReauthenticationRequired: async () => true });
  await assert.rejects(stale.admins.deleteAdmin({ id: "ana" }), (error) => isReason(error, "REAUTHENTICATION_REQUIRED"));
  assert.equal(stale.state.refused, 2);

  const without = server({});
  await assert.rejects(without.admins.deleteAdmin({ id: "ana" }), (error) => isReason(error, "REAUTHENTICATION_REQUIRED"));
  assert.equal(without.state.refused, 1);

  const broken = server({ onReauthenticationRequired: () => Promise.reject(new Error("no dialog")) });
  await assert.rejects(broken.admins.deleteAdmin({ id: "ana" }), /no dialog/);
});

test("the time of the proof does not count against the call's deadline", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = later<void>();
  const proof = later<boolean>();
  const { state, admins } = server({
    onReauthenticationRequired: () => {
      asked.resolve();
      return proof.promise;
    },
  });
  const call = admins.deleteAdmin({ id: "ana" }, { timeoutMs: 30_000 });
  await asked.promise;
  t.mock.timers.tick(10 * 60_000);
  state.proven = true;
  proof.resolve(true);
  await call;
  assert.deepEqual(state.deleted, ["ana"]);
});

test("a caller can stop waiting for the proof", async () => {
  const asked = later<void>();
  const { state, admins } = server({
    onReauthenticationRequired: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const stop = new AbortController();
  const call = admins.deleteAdmin({ id: "ana" }, { signal: stop.signal });
  await asked.promise;
  stop.abort(new ConnectError("stopped", Code.Canceled));
  await assert.rejects(call, { code: Code.Canceled });
  assert.deepEqual(state.deleted, []);
});
