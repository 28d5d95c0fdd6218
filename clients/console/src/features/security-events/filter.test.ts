process.env["TZ"] = "America/Mexico_City";

import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf } from "./filter";
import { failures, groups, namesOf } from "./kinds";
import { validateEventsSearch } from "./search";

const now = new Date("2026-03-31T12:00:00Z");
const ana = "0199a3c0-0000-7000-8000-000000000001";

test("what the address says becomes a filter", () => {
  assert.equal(filterOf({}, now), "");
  assert.equal(filterOf({ type: "sign_in_failed" }, now), 'type = "TYPE_SIGN_IN_FAILED"');
  assert.equal(filterOf({ type: "keys" }, now), '(type = "TYPE_API_KEY_CREATED" OR type = "TYPE_API_KEY_REVOKED")');
  assert.equal(
    filterOf({ who: ana, key: ana, within: "24h" }, now),
    `(actor = "${ana}" OR admin = "${ana}") AND api_key_id = "${ana}" AND create_time >= "2026-03-30T12:00:00.000Z"`,
  );
});

test("days are the reader's, with the whole of the last one", () => {
  assert.equal(
    filterOf({ within: "days", from: "2026-03-01", to: "2026-03-31" }, now),
    'create_time >= "2026-03-01T06:00:00.000Z" AND create_time < "2026-04-01T06:00:00.000Z"',
  );
  assert.equal(filterOf({ within: "days", to: "2026-03-31" }, now), 'create_time < "2026-04-01T06:00:00.000Z"');
  assert.equal(filterOf({ from: "2026-03-01", to: "2026-03-31" }, now), "", "days that are not chosen do not count");
});

test("an address that somebody made up asks for nothing strange", () => {
  const strange = { type: 'boom"', who: '" OR 1', key: "x", within: "1y", from: "yesterday", to: ["2026-02-01", "x"] };
  assert.deepEqual(validateEventsSearch(strange), { to: "2026-02-01" });
  assert.equal(filterOf({ type: "boom", within: "days", from: "2026-02-30" }, now), "");
  const sound = { type: "failures", who: "operator", within: "days", from: "2026-02-01" };
  assert.deepEqual(validateEventsSearch(sound), sound);
});

test("every kind is in one group", () => {
  const all = Object.values(groups).flat();
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(namesOf("failures"), failures);
  assert.deepEqual(namesOf("sign_out"), ["sign_out"]);
});
