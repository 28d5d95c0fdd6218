import { endOfDay, startOfDay } from "@/lib/day";
import { allOf, isOneOf, quote } from "@/lib/filter";
import { namesOf, typeChoice } from "./kinds";
import type { EventsSearch } from "./search";

const hours = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24 } as const;

/** Returns the filter of ListSecurityEvents for what the address says. A page token needs the very same filter, so `now` must not move on. */
export function filterOf(search: EventsSearch, now: Date): string {
  const { type, who, key } = search;
  const choice = typeChoice(type);
  const types = choice && namesOf(choice).map((name) => `TYPE_${name.toUpperCase()}`);
  const { since, until } = spanOf(search, now);
  return allOf(
    isOneOf("type", types),
    who && `(actor = ${quote(who)} OR admin = ${quote(who)})`,
    key && `api_key_id = ${quote(key)}`,
    since && `create_time >= ${quote(since.toISOString())}`,
    until && `create_time < ${quote(until.toISOString())}`,
  );
}

function spanOf({ within, from, to }: EventsSearch, now: Date): { since?: Date | undefined; until?: Date | undefined } {
  if (within === undefined) return {};
  if (within === "days") return { since: startOfDay(from), until: endOfDay(to) };
  return { since: new Date(now.getTime() - hours[within] * 3_600_000) };
}
