import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createRouterTransport } from "@connectrpc/connect";
import { assemble } from "../../src/catalog.js";
import { isReason } from "../../src/errors.js";
import { AdminService } from "../../src/gen/catalog/v1/admin_pb.js";
import { AuthService } from "../../src/gen/catalog/v1/auth_pb.js";
import { ProductService } from "../../src/gen/catalog/v1/product_pb.js";
import type { Reason } from "../../src/reasons.js";
import { memoryTokenStore, type SignOutReason, type TokenStore } from "../../src/tokens.js";
import { fault } from "./faults.js";

const credentials = { email: "ana@example.com", password: "correct horse battery" };

/** A server that keeps one session as the real one does: a refresh token has one successor, until that is used. */
function server() {
  let generation = 0;
  let replaced = "";
  const state = {
    /** Access tokens that the server takes. */
    good: new Set<string>(),
    /** Access tokens of somebody who has just proved who they are. */
    proven: new Set<string>(),
    refresh: "",
    /** The refresh token of the browser's cookie. */
    cookie: "",
    /** Why the server takes no other token. */
    refuse: "TOKEN_EXPIRED" as Reason,
    refreshes: 0,
    signOuts: [] as string[],
    seen: [] as (string | null)[],
    lifetimeMs: 15 * 60_000,
    /** Runs before a refresh is answered. */
    onRefresh: async () => {},
  };
  const pair = (refresh?: string) => {
    generation++;
    const accessToken = `access-${generation}`;
    state.good.add(accessToken);
    state.refresh = refresh ?? `refresh-${generation}`;
    const expireTime = timestampFromMs(Date.now() + state.lifetimeMs);
    return { accessToken, refreshToken: state.refresh, expireTime, admin: { name: "Ana" } };
  };
  const check = (authorization: string | null) => {
    state.seen.push(authorization);
    if (authorization !== null && !state.good.has(authorization.replace("Bearer ", ""))) {
      throw fault(Code.Unauthenticated, state.refuse);
    }
  };
  const routes: Parameters<typeof createRouterTransport>[0] = (router) => {
    router.service(AuthService, {
      signIn: (_req, context) => {
        check(context.requestHeader.get("Authorization"));
        return pair();
      },
      refreshSession: async (req) => {
        const refreshToken = req.refreshToken || state.cookie;
        state.refreshes++;
        if (refreshToken === replaced) {
          await state.onRefresh();
          return pair(state.refresh);
        }
        if (refreshToken !== state.refresh) throw fault(Code.Unauthenticated, "REFRESH_TOKEN_REUSED");
        const answer = pair();
        replaced = refreshToken;
        await state.onRefresh();
        return answer;
      },
      reauthenticate: ({ proof }, context) => {
        check(context.requestHeader.get("Authorization"));
        if (proof.value !== credentials.password) throw fault(Code.InvalidArgument, "PASSWORD_INCORRECT");
        const { accessToken, expireTime } = pair(state.refresh);
        state.proven.add(accessToken);
        return { accessToken, expireTime, authTime: timestampFromMs(1_000) };
      },
      confirmEmail: (_req, context) => {
        check(context.requestHeader.get("Authorization"));
        return { admin: { name: "Ana" } };
      },
      signOut: ({ refreshToken }) => {
        state.signOuts.push(refreshToken);
        return {};
      },
      changePassword: (_req, context) => {
        check(context.requestHeader.get("Authorization"));
        state.good.clear();
        return pair();
      },
    });
    router.service(AdminService, {
      createAdmin: (_req, context) => {
        const authorization = context.requestHeader.get("Authorization");
        check(authorization);
        if (!state.proven.has(authorization?.replace("Bearer ", "") ?? "")) {
          throw fault(Code.Unauthenticated, "REAUTHENTICATION_REQUIRED", { metadata: { max_age: "300" } });
        }
        return {};
      },
    });
    router.service(ProductService, {
      createProduct: (_req, context) => {
        check(context.requestHeader.get("Authorization"));
        return {};
      },
    });
  };
  const connect = (tokenStore?: TokenStore) =>
    assemble({ ...(tokenStore && { tokenStore }) }, (interceptors) =>
      createRouterTransport(routes, { transport: { interceptors } }),
    );
  return { state, connect };
}

/** Returns a promise that the test resolves. */
function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

test("calls go without a token until somebody signs in, and after they sign out", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  const changes: unknown[] = [];
  session.onChange((...change) => changes.push(change));

  await products.createProduct({});
  assert.equal((await session.signIn(credentials)).name, "Ana");
  assert.ok(await session.isSignedIn());
  await products.createProduct({});
  await session.signOut();
  assert.ok(!(await session.isSignedIn()));
  await products.createProduct({});

  assert.deepEqual(state.seen, [null, null, "Bearer access-1", null]);
  assert.deepEqual(state.signOuts, ["refresh-1"]);
  assert.deepEqual(changes, [
    [true, undefined],
    [false, "SIGNED_OUT"],
  ]);
  assert.equal(session.signOutReason, "SIGNED_OUT");
});

test("many calls with an expired token share one refresh", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();

  await Promise.all(Array.from({ length: 50 }, () => products.createProduct({})));

  assert.equal(state.refreshes, 1);
});

test("a token is renewed before it expires", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);

  t.mock.timers.setTime(1_000_000 + state.lifetimeMs - 31_000);
  await products.createProduct({});
  assert.equal(state.refreshes, 0);

  t.mock.timers.setTime(1_000_000 + state.lifetimeMs - 29_000);
  await Promise.all([products.createProduct({}), products.createProduct({})]);
  assert.equal(state.refreshes, 1);
  assert.ok(!state.seen.slice(1).includes(null));
});

test("a wrong clock does not make every call refresh", async () => {
  const { state, connect } = server();
  state.lifetimeMs = -60_000;
  const { products, session } = connect();
  await session.signIn(credentials);
  await products.createProduct({});
  await products.createProduct({});
  assert.equal(state.refreshes, 0);
});

test("clients that share a store and its lock share a refresh", async () => {
  const { state, connect } = server();
  let tail: Promise<unknown> = Promise.resolve();
  const store: TokenStore = {
    ...memoryTokenStore(),
    lock: (work) => {
      const result = tail.then(work);
      tail = result.catch(() => undefined);
      return result;
    },
  };
  const [one, two] = [connect(store), connect(store)];
  await one.session.signIn(credentials);
  state.good.clear();
  await Promise.all([one.products.createProduct({}), two.products.createProduct({})]);
  assert.equal(state.refreshes, 1);
});

test("a session that the server ended is forgotten", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  state.refresh = "used by somebody else";

  await assert.rejects(products.createProduct({}), (error) => isReason(error, "REFRESH_TOKEN_REUSED"));
  assert.ok(!(await session.isSignedIn()));
  assert.equal(session.signOutReason, "REFRESH_TOKEN_REUSED");
  await session.signIn(credentials);
  assert.equal(session.signOutReason, undefined);
});

for (const [reason, expected] of [
  ["SESSION_ENDED", "SESSION_ENDED"],
  ["REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_INVALID"],
  ["SIGN_IN_FAILED", "SESSION_ENDED"],
] as const) {
  test(`listeners are told that the session is over because of ${reason}`, async () => {
    const { state, connect } = server();
    const { products, session } = connect();
    await session.signIn(credentials);
    const changes: unknown[] = [];
    session.onChange((...change) => changes.push(change));
    if (reason === "SESSION_ENDED") state.refuse = reason;
    state.good.clear();
    state.onRefresh = async () => {
      throw fault(Code.Unauthenticated, reason);
    };
    await assert.rejects(products.createProduct({}), (error) => isReason(error, reason));
    assert.deepEqual(changes, [[false, expected]]);
  });
}

test("who is signed out in another page is told so, unless there is a better reason", async () => {
  const { connect } = server();
  const memory = memoryTokenStore();
  let tell: ((reason?: SignOutReason) => void) | undefined;
  let subscriptions = 0;
  const store: TokenStore = {
    ...memory,
    subscribe: (listener) => {
      subscriptions++;
      tell = listener;
      return () => subscriptions--;
    },
  };
  const { session } = connect(store);
  await session.signIn(credentials);
  const changes: unknown[] = [];
  const stops = [session.onChange((...change) => changes.push(change)), session.onChange(() => undefined)];
  assert.equal(subscriptions, 1);
  for (const [told, expected] of [
    [undefined, "SIGNED_OUT_ELSEWHERE"],
    ["SIGNED_OUT", "SIGNED_OUT_ELSEWHERE"],
    ["SESSION_ENDED", "SESSION_ENDED"],
  ] as const) {
    memory.set(undefined);
    tell?.(told);
    await setImmediate();
    assert.deepEqual(changes.at(-1), [false, expected]);
    assert.equal(session.signOutReason, expected);
  }
  memory.set({ accessToken: "access", refreshToken: "refresh" });
  tell?.("SESSION_ENDED");
  await setImmediate();
  assert.deepEqual(changes.at(-1), [true, undefined]);
  for (const stop of stops) stop();
  assert.equal(subscriptions, 0);
});

test("who must prove who they are stays signed in, and does so", async () => {
  const { state, connect } = server();
  const { admins, products, session } = connect();
  await session.signIn(credentials);
  await assert.rejects(admins.createAdmin({}), (error) => isReason(error, "REAUTHENTICATION_REQUIRED"));
  assert.equal(state.refreshes, 0);
  assert.ok(await session.isSignedIn());
  await assert.rejects(session.reauthenticate({ password: "wrong" }), (error) => isReason(error, "PASSWORD_INCORRECT"));
  assert.ok(await session.isSignedIn());

  assert.deepEqual(await session.reauthenticate({ password: credentials.password }), new Date(1_000));
  await admins.createAdmin({});
  assert.equal(state.seen.at(-1), "Bearer access-2");
  state.good.clear();
  await products.createProduct({});
  assert.equal(state.refreshes, 1, "the refresh token is the same as before");
});

test("who signs out meanwhile is not signed in again by a proof", async () => {
  const { state, connect } = server();
  const store = memoryTokenStore();
  const { auth, session } = connect(store);
  await session.signIn(credentials);
  const proof = auth.reauthenticate({ proof: { case: "password", value: credentials.password } });
  store.set(undefined);
  await proof;
  assert.ok(!(await session.isSignedIn()));
  assert.equal(state.refreshes, 0);
});

test("a refresh without an answer is sent again, and the first answer counts", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 });
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  const hung = withResolvers();
  state.onRefresh = () => hung.promise;
  const call = products.createProduct({});
  while (state.refreshes < 1) await setImmediate();
  state.onRefresh = async () => {};
  t.mock.timers.tick(3_000);
  await call;
  assert.equal(state.refreshes, 2);
  assert.ok(await session.isSignedIn());
  hung.resolve();

  t.mock.timers.tick(60_000);
  state.good.clear();
  await products.createProduct({});
  assert.equal(state.refreshes, 3, "both answers had the same refresh token, and nothing is sent later");
});

test("a machine that slept while it refreshed waits for the answer, and sends no repeat that would end the session", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 });
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  const slow = withResolvers();
  state.onRefresh = () => slow.promise;
  const call = products.createProduct({});
  while (state.refreshes < 1) await setImmediate();
  t.mock.timers.setTime(1_000_000 + 3_600_000); // leaves timers as they are, as sleep does
  t.mock.timers.tick(3_000);
  await setImmediate();
  assert.equal(state.refreshes, 1);
  slow.resolve();
  await call;
  assert.ok(await session.isSignedIn());
});

test("a page takes up the session of its cookie once", async () => {
  const { state, connect } = server();
  const first = connect();
  await first.session.signIn(credentials);
  state.cookie = state.refresh;
  const { products, session } = connect();
  assert.deepEqual(await Promise.all([session.resume(), session.resume()]), [true, true]);
  assert.equal(state.refreshes, 1);
  assert.ok(await session.resume());
  await products.createProduct({});
  assert.equal(state.refreshes, 1);
});

test("a page without a session says why", async () => {
  const { state, connect } = server();
  const { session } = connect();
  state.onRefresh = async () => {
    throw fault(Code.Unavailable, "DATABASE_UNAVAILABLE");
  };
  await assert.rejects(session.resume(), (error) => isReason(error, "DATABASE_UNAVAILABLE"));
  assert.equal(session.signOutReason, undefined);
  state.onRefresh = async () => {
    throw fault(Code.Unauthenticated, "REFRESH_TOKEN_INVALID");
  };
  assert.equal(await session.resume(), false);
  assert.equal(session.signOutReason, "REFRESH_TOKEN_INVALID");
});

test("a refresh that could not be answered ends nothing", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  state.onRefresh = async () => {
    throw fault(Code.Unavailable, "DATABASE_UNAVAILABLE");
  };

  await assert.rejects(products.createProduct({}), (error) => isReason(error, "DATABASE_UNAVAILABLE"));
  assert.equal(state.refreshes, 1);
  assert.ok(await session.isSignedIn());

  state.onRefresh = async () => {};
  await products.createProduct({});
});

test("a caller that gives up leaves the refresh to the others", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  const controller = new AbortController();
  state.onRefresh = async () => controller.abort();

  const [impatient, patient] = await Promise.allSettled([
    products.createProduct({}, { signal: controller.signal }),
    products.createProduct({}),
  ]);

  assert.equal(impatient.status, "rejected");
  assert.equal(patient.status, "fulfilled");
  assert.equal(state.refreshes, 1);
});

test("signing out while a refresh is under way wins", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  let signedOut: Promise<void> | undefined;
  state.onRefresh = async () => {
    signedOut = session.signOut();
  };

  await products.createProduct({});
  await signedOut;

  assert.ok(!(await session.isSignedIn()));
  assert.deepEqual(state.signOuts, ["refresh-2"]);
});

test("a changed password moves on to the new session", async () => {
  const { state, connect } = server();
  const { auth, products, session } = connect();
  await session.signIn(credentials);
  await auth.changePassword({ currentPassword: credentials.password, newPassword: "battery staple horse" });
  await products.createProduct({});
  assert.deepEqual(state.seen.at(-1), "Bearer access-2");
  await auth.signOut({});
  assert.ok(!(await session.isSignedIn()));
});

test("an expired token does not keep anybody from signing in again", async () => {
  const { state, connect } = server();
  const { session } = connect();
  await session.signIn(credentials);
  state.good.clear();
  await session.signIn(credentials);
  assert.equal(state.refreshes, 0);
});

test("a session that has ended keeps nobody from confirming a new address", async () => {
  const { state, connect } = server();
  const { session, auth } = connect();
  await session.signIn(credentials);
  state.good.clear();
  state.refuse = "SESSION_ENDED";
  const { admin } = await auth.confirmEmail({ token: "from the mail", password: credentials.password });
  assert.equal(admin?.name, "Ana");
});
