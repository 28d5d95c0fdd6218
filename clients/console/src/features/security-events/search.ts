import { defined, oneOf, textParam } from "@/lib/search-params";

export const ranges = ["24h", "7d", "30d", "days"] as const;
export type Range = (typeof ranges)[number];

/** Stands for commands on the server, which no administrator gives. */
export const operator = "operator";

/** What the address of the page says. */
export interface EventsSearch {
  /** A kind of event or several; kinds.ts knows them: routes load with every page. */
  readonly type?: string;
  /** The id of the administrator who did it or whom it concerns, or {@link operator}. */
  readonly who?: string;
  /** The id of the API key that it is about. */
  readonly key?: string;
  /** Default: any time. */
  readonly within?: Range;
  /** The first and the last day, if within is "days". */
  readonly from?: string;
  readonly to?: string;
}

/** Reads an address; what it does not understand it leaves out. */
export function validateEventsSearch(params: Record<string, unknown>): EventsSearch {
  const matching = (name: string, pattern: RegExp) => pattern.exec(textParam(params[name]) ?? "")?.[0];
  return defined({
    type: matching("type", /^[a-z_]{1,40}$/),
    who: matching("who", /^([0-9a-f-]{36}|operator)$/),
    key: matching("key", /^[0-9a-f-]{36}$/),
    within: oneOf(ranges, params["within"]),
    from: matching("from", /^\d{4}-\d\d-\d\d$/),
    to: matching("to", /^\d{4}-\d\d-\d\d$/),
  });
}
