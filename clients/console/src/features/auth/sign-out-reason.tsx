import type { SignOutReason } from "@zebrands/catalog";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { Alert } from "@/ui/alert";
import { messages } from "./messages";

/** Says why somebody is here who was signed in before. Whoever signed out on this page knows why. */
export function SignedOutBecause() {
  const m = useMessages(messages);
  const [reason] = useState(catalog.session.signOutReason);
  const texts: Record<SignOutReason, string | undefined> = {
    SIGNED_OUT: undefined,
    SIGNED_OUT_ELSEWHERE: m.signedOutElsewhere,
    SESSION_ENDED: m.sessionEnded,
    REFRESH_TOKEN_INVALID: m.sessionExpired,
    REFRESH_TOKEN_REUSED: m.sessionReused,
  };
  const text = reason && texts[reason];
  if (text === undefined) return null;
  return (
    <div className="mb-5">
      <Alert tone={reason === "REFRESH_TOKEN_REUSED" ? "warning" : "info"}>{text}</Alert>
    </div>
  );
}
