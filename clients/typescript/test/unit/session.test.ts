import assert from "node:assert/strict";
import { test } from "node:test";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createRouterTransport } from "@connectrpc/connect";
import { assemble } from "../../src/catalog.js";
import { isReason } from "../../src/errors.js";
import { AuthService } from "../../src/gen/catalog/v1/auth_pb.js";
import { ProductService } from "../../src/gen/catalog/v1/product_pb.js";
import { memoryTokenStore, type TokenStore } from "../../src/tokens.js";
import { fault } from "./faults.js";

const credentials = { email: "ana@example.com", password: "correct horse battery" };

/** A server that keeps one session as the real one does: a refresh token works once. */
function server() {
  let generation = 0;
  const state = {
    /** Access tokens that the server takes. */
    good: new Set<string>(),
    refresh: "",
    refreshes: 0,
    signOuts: [] as string[],
    seen: [] as (string | null)[],
    lifetimeMs: 15 * 60_000,
    /** Runs before a refresh is answered. */
    onRefresh: async () => {},
  };
  const pair = () => {
    generation++;
    const accessToken = `access-${generation}`;
    state.good.add(accessToken);
    state.refresh = `refresh-${generation}`;
    const expireTime = timestampFromMs(Date.now() + state.lifetimeMs);
    return { accessToken, refreshToken: state.refresh, expireTime, admin: { name: "Ana" } };
  };
  const check = (authorization: string | null) => {
    state.seen.push(authorization);
    if (authorization !== null && !state.good.has(authorization.replace("Bearer ", ""))) {
      throw fault(Code.Unauthenticated, "TOKEN_EXPIRED");
    }
  };
  const routes: Parameters<typeof createRouterTransport>[0] = (router) => {
    router.service(AuthService, {
      signIn: (_req, context) => {
        check(context.requestHeader.get("Authorization"));
        return pair();
      },
      refreshSession: async ({ refreshToken }) => {
        state.refreshes++;
        await state.onRefresh();
        if (refreshToken !== state.refresh) throw fault(Code.Unauthenticated, "REFRESH_TOKEN_REUSED");
        return pair();
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

test("calls go without a token until somebody signs in, and after they sign out", async () => {
  const { state, connect } = server();
  const { products, session } = connect();
  const changes: boolean[] = [];
  session.onChange((signedIn) => changes.push(signedIn));

  await products.createProduct({});
  assert.equal((await session.signIn(credentials)).name, "Ana");
  assert.ok(await session.isSignedIn());
  await products.createProduct({});
  await session.signOut();
  assert.ok(!(await session.isSignedIn()));
  await products.createProduct({});

  assert.deepEqual(state.seen, [null, null, "Bearer access-1", null]);
  assert.deepEqual(state.signOuts, ["refresh-1"]);
  assert.deepEqual(changes, [true, false]);
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
});

test("a refresh that could not be answered is not tried again by itself, and ends nothing", async () => {
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
