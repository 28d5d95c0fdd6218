import type { SecurityEvent_Type } from "@zebrands/catalog";
import { oneOf } from "@/lib/search-params";

/** What can happen, as the contract calls it, in small letters. */
export type EventName = Lowercase<Exclude<keyof typeof SecurityEvent_Type, "UNSPECIFIED">>;

/** Every kind of event in one group. */
export const groups = {
  access: [
    "sign_in",
    "sign_in_failed",
    "sign_in_throttled",
    "second_factor_failed",
    "recovery_code_used",
    "reauthenticated",
    "reauthentication_failed",
    "sign_out",
    "session_revoked",
    "refresh_token_reused",
  ],
  passwords: ["password_reset_requested", "password_reset", "password_changed"],
  factors: ["passkey_created", "passkey_deleted", "recovery_codes_created", "security_policy_updated"],
  people: [
    "invited",
    "invitation_accepted",
    "admin_created",
    "admin_updated",
    "email_change_requested",
    "email_changed",
    "admin_disabled",
    "admin_enabled",
    "admin_deleted",
    "admin_undeleted",
    "admin_erased",
  ],
  keys: ["api_key_created", "api_key_revoked"],
} as const satisfies Record<string, readonly EventName[]>;

export type GroupName = keyof typeof groups;
export const groupNames = Object.keys(groups) as GroupName[];

// A kind of event that no group has does not compile.
true satisfies Exclude<EventName, (typeof groups)[GroupName][number]> extends never ? true : false;

/** What may be an attempt at somebody's account. */
export const failures = [
  "sign_in_failed",
  "sign_in_throttled",
  "second_factor_failed",
  "reauthentication_failed",
  "refresh_token_reused",
] as const satisfies readonly EventName[];

const choices = ["failures", ...groupNames, ...Object.values(groups).flat()] as const;

/** Some or all kinds of events. */
export type TypeChoice = (typeof choices)[number];

/** Returns the kinds of events that a choice stands for. */
export function namesOf(choice: TypeChoice): readonly EventName[] {
  if (choice === "failures") return failures;
  return choice in groups ? groups[choice as GroupName] : [choice as EventName];
}

/** Returns what an address chooses; undefined means everything. */
export function typeChoice(text: string | undefined): TypeChoice | undefined {
  return oneOf(choices, text);
}
