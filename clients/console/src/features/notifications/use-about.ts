import { type Delivery, Delivery_Kind as Kind } from "@zebrands/catalog";
import { useFormat, useMessages } from "@/i18n";
import { messages } from "./messages";

/** Returns a function that says in a few words what a mail is about. */
export function useAbout(): (delivery: Delivery) => string {
  const m = useMessages(messages);
  const format = useFormat();
  return ({ kind, changeCount }) => {
    if (kind === Kind.INVITATION) return m.invitation;
    if (kind === Kind.PASSWORD_RESET) return m.passwordReset;
    if (kind === Kind.EMAIL_CONFIRMATION) return m.emailConfirmation;
    if (kind === Kind.SECURITY_NOTICE) return m.securityNotice;
    return m.changes(changeCount, format.number(changeCount));
  };
}
