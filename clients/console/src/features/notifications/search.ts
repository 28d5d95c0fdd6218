import { defined, oneOf, textParam } from "@/lib/search-params";

export const tabs = ["deliveries", "preferences", "mailbox"] as const;
export type Tab = (typeof tabs)[number];

/** The states of a delivery, as the address calls them. What the server calls them is in states.ts: routes load with every page. */
export const stateNames = ["pending", "sent", "delivered", "bounced", "complained", "failed"] as const;
export type StateName = (typeof stateNames)[number];

/** What the address of the page says. */
export interface NotificationsSearch {
  /** Default: deliveries. */
  readonly tab?: Tab;
  /** Only deliveries in this state, to this administrator's id, about the change with this sequence number. */
  readonly state?: StateName;
  readonly to?: string;
  readonly change?: string;
  /** The id of the mail that is read. */
  readonly mail?: string;
}

/** Reads an address; what it does not understand it leaves out. */
export function validateNotificationsSearch(params: Record<string, unknown>): NotificationsSearch {
  return defined({
    tab: oneOf(tabs, params["tab"]),
    state: oneOf(stateNames, params["state"]),
    to: /^[0-9a-f-]{36}$/.exec(textParam(params["to"]) ?? "")?.[0],
    change: /^[1-9][0-9]{0,17}$/.exec(textParam(params["change"]) ?? "")?.[0],
    mail: textParam(params["mail"])?.slice(0, 255),
  });
}
