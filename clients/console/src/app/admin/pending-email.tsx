import type { Admin } from "@zebrands/catalog";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { messages } from "./pending-messages";
import { keepEmail, useRefreshAdmins } from "./person";

interface PendingEmailProps {
  readonly admin: Admin;
  readonly onCanceled?: () => void;
}

/** Tells that a new address waits for its confirmation, and offers to give it up. Shows nothing if there is none. */
export function PendingEmail({ admin, onCanceled }: PendingEmailProps) {
  const m = useMessages(messages);
  const cancel = useCancelPendingEmail();
  const [pending, setPending] = useState(false);
  if (admin.pendingEmail === "") return null;

  async function end() {
    setPending(true);
    if (await cancel(admin)) onCanceled?.();
    setPending(false);
  }

  return (
    <Alert>
      <p>{m.explained(admin.pendingEmail, admin.email)}</p>
      <Button size="sm" className="mt-2" aria-disabled={pending} onClick={pending ? undefined : () => void end()}>
        {m.cancel}
      </Button>
    </Alert>
  );
}

/** Returns a function that gives up an address that waits, says so, and returns whether it could. */
export function useCancelPendingEmail(): (admin: Admin) => Promise<boolean> {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefreshAdmins();
  return async (admin) => {
    try {
      await keepEmail(admin);
      toast(m.canceled(admin.email));
      return true;
    } catch (error) {
      toast(describe(error), { tone: "danger" });
      return false;
    } finally {
      await refresh();
    }
  };
}

/** Returns a function that says what came of saving an administrator: that an address waits now, or else the given text. */
export function useSavedText(): (before: Admin, after: Admin, saved: string) => string {
  const m = useMessages(messages);
  return (before, after, saved) =>
    after.pendingEmail === "" || after.pendingEmail === before.pendingEmail ? saved : m.asked(after.pendingEmail, after.email);
}
