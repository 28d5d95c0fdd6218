import { AdminService, AuthService, isReason, type Passkey } from "@zebrands/catalog";
import { useMutation, useQuery } from "@zebrands/catalog/react";
import { Fingerprint } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { ErrorState, Skeleton } from "@/ui/state";
import { toast } from "@/ui/toast";
import { messages } from "./list-messages";

interface PasskeyListProps {
  /** Whose passkeys they are; without it, one's own. */
  readonly owner?: { readonly id: string; readonly name: string };
}

/** The passkeys of an administrator, each of which can be removed: one's own, or those of somebody who lost a device. */
export function PasskeyList({ owner }: PasskeyListProps) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const list = useQuery(AuthService.method.listPasskeys, { adminId: owner?.id ?? "" });
  const [removing, setRemoving] = useState<Passkey>();
  if (list.isError) return <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Skeleton className="h-16" />;
  const { passkeys } = list.data;
  if (passkeys.length === 0)
    return <p className="text-sm text-ink-soft">{owner === undefined ? m.none : m.noneOf(owner.name)}</p>;
  return (
    <>
      <ul className="divide-y divide-line">
        {passkeys.map((passkey) => (
          <PasskeyItem key={passkey.id} passkey={passkey} onRemove={() => setRemoving(passkey)} />
        ))}
      </ul>
      {removing !== undefined && (
        <RemoveDialog passkey={removing} owner={owner} isLast={passkeys.length === 1} onClose={() => setRemoving(undefined)} />
      )}
    </>
  );
}

function PasskeyItem({ passkey, onRemove }: { readonly passkey: Passkey; readonly onRemove: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  const { name, createTime, lastUseTime } = passkey;
  const times = [
    createTime && m.added(format.relative(createTime)),
    lastUseTime === undefined ? m.neverUsed : m.lastUsed(format.relative(lastUseTime)),
  ];
  return (
    <li className="flex items-center gap-3.5 py-3.5">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-sunken text-ink-soft">
        <Fingerprint className="size-4.5" aria-hidden />
      </span>
      <div className="min-w-0 flex-1 text-sm">
        <p className="font-medium wrap-anywhere">{name}</p>
        <p className="text-ink-soft">{times.filter(Boolean).join(" · ")}</p>
      </div>
      <Button size="sm" aria-label={m.removeThis(name)} onClick={onRemove}>
        {m.remove}
      </Button>
    </li>
  );
}

interface RemoveDialogProps {
  readonly passkey: Passkey;
  readonly owner: PasskeyListProps["owner"];
  readonly isLast: boolean;
  readonly onClose: () => void;
}

function RemoveDialog({ passkey, owner, isLast, onClose }: RemoveDialogProps) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefresh();
  const policy = useQuery(AuthService.method.getSecurityPolicy, {});
  const remove = useMutation(AuthService.method.deletePasskey);
  const required = policy.data?.securityPolicy?.requireSecondFactor === true;
  const consequence = !isLast ? "" : required ? m.lastRequired : m.last;

  async function confirm() {
    try {
      await remove.mutateAsync({ id: passkey.id });
      toast(m.removed(passkey.name));
    } catch (error) {
      toast(describe(error), { tone: "danger" });
      // Who does not want to prove who they are may think again.
      if (isReason(error, "REAUTHENTICATION_REQUIRED")) return;
    }
    onClose();
    await refresh(AuthService.method.listPasskeys, AuthService.method.getCurrentAdmin, AdminService.method.listAdmins);
  }

  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={m.removeTitle(passkey.name)}
      description={[owner === undefined ? m.removeText : m.removeTextOf(owner.name), consequence].filter(Boolean).join(" ")}
      confirm={m.removeConfirm}
      pending={remove.isPending}
      onConfirm={() => void confirm()}
    />
  );
}
