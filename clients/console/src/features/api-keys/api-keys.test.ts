import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { AdminSchema, Admin_State as AdminState, ApiKeySchema, timestampFromDate } from "@zebrands/catalog";
import { endOfDay } from "@/lib/day";
import { expireTimeOf } from "./expiry";
import { stateOf } from "./state";

const now = new Date("2026-03-01T12:00:00Z");
const earlier = timestampFromDate(new Date("2026-02-01T12:00:00Z"));
const later = timestampFromDate(new Date("2026-04-01T12:00:00Z"));

test("a key is active until it expires, is revoked, or its creator may not sign in", () => {
  const ana = create(AdminSchema, { id: "ana", state: AdminState.ACTIVE });
  const luis = create(AdminSchema, { id: "luis", state: AdminState.DISABLED, disabled: true });
  const eva = create(AdminSchema, { id: "eva", state: AdminState.DELETED });
  const state = (key: Parameters<typeof create<typeof ApiKeySchema>>[1]) =>
    stateOf(create(ApiKeySchema, key), [ana, luis, eva], now);
  assert.equal(state({ creatorId: "ana" }), "active");
  assert.equal(state({ creatorId: "ana", expireTime: later }), "active");
  assert.equal(state({ creatorId: "ana", expireTime: earlier }), "expired");
  assert.equal(state({ creatorId: "luis" }), "creatorDisabled");
  assert.equal(state({ creatorId: "eva" }), "creatorDisabled");
  assert.equal(state({ creatorId: "luis", expireTime: earlier }), "expired");
  assert.equal(state({ creatorId: "luis", expireTime: earlier, revokeTime: earlier }), "revoked");
});

test("a key expires after some days, at the end of a day, or never", () => {
  assert.equal(expireTimeOf("30", "", now)?.toISOString(), "2026-03-31T12:00:00.000Z");
  assert.deepEqual(expireTimeOf("date", "2026-03-31", now), endOfDay("2026-03-31"));
  assert.equal(expireTimeOf("date", "", now), null);
  assert.equal(expireTimeOf("never", "2026-03-31", now), undefined);
});
