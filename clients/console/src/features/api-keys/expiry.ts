import { endOfDay } from "@/lib/day";

/** How long a new key is good for: some days, until the end of a chosen day, or until somebody revokes it. */
export const expiries = ["30", "90", "365", "date", "never"] as const;
export type Expiry = (typeof expiries)[number];

/** Returns when a key expires that is created now; undefined means never. "date" without a day has no answer yet: null. */
export function expireTimeOf(expiry: Expiry, day: string, now: Date): Date | undefined | null {
  if (expiry === "never") return undefined;
  if (expiry === "date") return endOfDay(day) ?? null;
  return new Date(now.getTime() + Number(expiry) * 86_400_000);
}
