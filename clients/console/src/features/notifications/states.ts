import { Delivery_State as State } from "@zebrands/catalog";
import type { StateName } from "./search";

/** The states of a delivery by what the address calls them. */
export const states: Readonly<Record<StateName, State>> = {
  pending: State.PENDING,
  sent: State.SENT,
  delivered: State.DELIVERED,
  bounced: State.BOUNCED,
  complained: State.COMPLAINED,
  failed: State.FAILED,
};
