import { type Delivery, Delivery_State as State } from "@zebrands/catalog";
import { useMessages } from "@/i18n";
import { Badge, type Tone } from "@/ui/badge";
import { messages } from "./messages";
import { type StateName, stateNames } from "./search";
import { states } from "./states";

const tones: Record<StateName, Tone> = {
  pending: "warning",
  sent: "success",
  delivered: "success",
  bounced: "danger",
  complained: "danger",
  failed: "danger",
};

export function DeliveryState({ state }: { readonly state: State }) {
  const m = useMessages(messages);
  const name = stateNames.find((candidate) => states[candidate] === state);
  return name === undefined ? null : <Badge tone={tones[name]}>{m[name]}</Badge>;
}

/** Reports whether a delivery may be sent again. */
export function isRetryable({ state }: Delivery): boolean {
  return state === State.FAILED || state === State.BOUNCED;
}
