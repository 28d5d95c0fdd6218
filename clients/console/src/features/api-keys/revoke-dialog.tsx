import { type ApiKey, AuthService, isReason } from "@zebrands/catalog";
import { useMutation } from "@zebrands/catalog/react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { ConfirmDialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** Asks whether a key is to end, by its name, and ends it. */
export default function RevokeDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefresh();
  const revoke = useMutation(AuthService.method.revokeApiKey);

  async function end() {
    try {
      await revoke.mutateAsync({ id: apiKey.id });
      toast(m.didRevoke(apiKey.name));
      onClose();
    } catch (error) {
      // Whoever does not want to prove who they are has the question as it was.
      if (!isReason(error, "REAUTHENTICATION_REQUIRED")) toast(describe(error), { tone: "danger" });
    }
    await refresh(AuthService.method.listApiKeys);
  }

  return (
    <ConfirmDialog
      open
      onOpenChange={(still) => still || onClose()}
      title={m.revokeTitle(apiKey.name)}
      description={m.revokeText(apiKey.prefix)}
      confirm={m.revoke}
      pending={revoke.isPending}
      onConfirm={() => void end()}
    />
  );
}
