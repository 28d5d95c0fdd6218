import { AuthService } from "@zebrands/catalog";
import { useMutation, useQuery } from "@zebrands/catalog/react";
import { useRefreshSessions } from "@/app/admin/session-list";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** Ends all of one's sessions but this one. Not there if this one is the only one. */
export function SignOutElsewhere() {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefreshSessions();
  const sessions = useQuery(AuthService.method.listSessions, { adminId: "" });
  const revoke = useMutation(AuthService.method.revokeSession);
  const others = (sessions.data?.sessions ?? []).filter(({ current }) => !current);
  if (others.length === 0) return null;

  async function end() {
    try {
      for (const { id } of others) await revoke.mutateAsync({ id });
      toast(m.elsewhereDone);
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
    await refresh();
  }

  return (
    <Button size="sm" aria-disabled={revoke.isPending} onClick={revoke.isPending ? undefined : end}>
      {m.elsewhere}
    </Button>
  );
}
