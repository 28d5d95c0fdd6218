import { type Admin, Admin_State as AdminState, type ApiKey, timestampDate } from "@zebrands/catalog";

/** What a key is good for now: calls with it succeed only while it is active. */
export type KeyState = "active" | "creatorDisabled" | "expired" | "revoked";

/** Returns the state of a key at a time, given the administrators, who may not be loaded yet. */
export function stateOf({ revokeTime, expireTime, creatorId }: ApiKey, admins: readonly Admin[], now: Date): KeyState {
  if (revokeTime !== undefined) return "revoked";
  if (expireTime !== undefined && timestampDate(expireTime) <= now) return "expired";
  const creator = admins.find(({ id }) => id === creatorId);
  const stopped = creator?.disabled === true || creator?.state === AdminState.DELETED;
  return stopped ? "creatorDisabled" : "active";
}
