import { AdminService, AuthService, CreatePasskeyChallengeRequest_Purpose as Purpose } from "@zebrands/catalog";
import { useMutation, useQuery } from "@zebrands/catalog/react";
import { Plus } from "lucide-react";
import { useState } from "react";
import { messages as passkeyMessages } from "@/app/passkeys/messages";
import { PasskeyNameField } from "@/app/passkeys/name-field";
import { Obstacle } from "@/app/passkeys/obstacle";
import { PasskeyList } from "@/app/passkeys/passkey-list";
import { RecoveryCodes } from "@/app/passkeys/recovery-codes";
import { useFormat, useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { useDescribeError } from "@/lib/errors";
import { createPasskey, passkeyObstacle, stopAskingForPasskey } from "@/lib/passkeys";
import { useRefresh } from "@/lib/refresh";
import { Button } from "@/ui/button";
import { Section } from "@/ui/card";
import { ConfirmDialog, Dialog, DialogActions } from "@/ui/dialog";
import { Form, SubmitButton } from "@/ui/form";
import { messages as uiMessages } from "@/ui/messages";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** Which dialog is open. Recovery codes are there until the person has saved them. */
type OpenDialog = "add" | "new-codes" | { readonly codes: readonly string[] };

/** One's own passkeys and recovery codes. */
export function Passkeys() {
  const m = useMessages(messages);
  const refresh = useRefresh();
  const [dialog, setDialog] = useState<OpenDialog>();
  const close = () => setDialog(undefined);
  const obstacle = passkeyObstacle();

  /** Shows codes if there are any, and whatever else has changed. */
  async function changed(codes: readonly string[]) {
    setDialog(codes.length > 0 ? { codes } : undefined);
    await refresh(AuthService.method.listPasskeys, AuthService.method.getCurrentAdmin, AdminService.method.listAdmins);
  }

  const add = obstacle === undefined && (
    <Button size="sm" onClick={() => setDialog("add")}>
      <Plus aria-hidden />
      {m.addPasskey}
    </Button>
  );
  return (
    <Section title={m.passkeys} description={m.passkeysText} actions={add}>
      {obstacle !== undefined && (
        <div className="mb-3">
          <Obstacle obstacle={obstacle} />
        </div>
      )}
      <PasskeyList />
      <CodesLeft onReplace={() => setDialog("new-codes")} />
      {dialog === "add" && <AddDialog onAdded={changed} onClose={close} />}
      {dialog === "new-codes" && <NewCodesDialog onCreated={changed} onClose={close} />}
      {typeof dialog === "object" && <CodesDialog codes={dialog.codes} onClose={close} />}
    </Section>
  );
}

/** Says how many recovery codes are left, to those who have a passkey. */
function CodesLeft({ onReplace }: { readonly onReplace: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  const { data } = useQuery(AuthService.method.listPasskeys, { adminId: "" });
  if (data === undefined || data.passkeys.length === 0) return null;
  const { recoveryCodeCount: left } = data;
  return (
    <div className="mt-1 flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4 text-sm">
      <p className={left < 3 ? "text-warning-ink" : "text-ink-soft"}>
        {left === 1 ? m.oneCodeLeft : m.codesLeft(format.number(left))}
      </p>
      <Button size="sm" onClick={onReplace}>
        {m.newCodes}
      </Button>
    </div>
  );
}

interface ChangeProps {
  readonly onClose: () => void;
}

function AddDialog({ onAdded, onClose }: ChangeProps & { readonly onAdded: (codes: readonly string[]) => Promise<void> }) {
  const m = useMessages(messages);
  const { cancel } = useMessages(uiMessages);

  async function add(data: FormData) {
    const name = String(data.get("name"));
    const { options } = await catalog.auth.createPasskeyChallenge({ purpose: Purpose.CREATE });
    const { passkey, recoveryCodes } = await catalog.auth.createPasskey({ name, credential: await createPasskey(options) });
    // Recovery codes say it, too, and on a phone the toast would cover their buttons.
    if (recoveryCodes.length === 0) toast(m.passkeyAdded(passkey?.name ?? name));
    await onAdded(recoveryCodes);
  }

  function close() {
    void stopAskingForPasskey();
    onClose();
  }

  return (
    <Dialog open onOpenChange={(open) => open || close()} title={m.addPasskey} description={m.addPasskeyText}>
      <Form onSubmit={add}>
        <PasskeyNameField autoFocus />
        <DialogActions>
          <Button onClick={close}>{cancel}</Button>
          <SubmitButton>{m.addPasskey}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function NewCodesDialog({
  onCreated,
  onClose,
}: ChangeProps & { readonly onCreated: (codes: readonly string[]) => Promise<void> }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const create = useMutation(AuthService.method.createRecoveryCodes);

  async function confirm() {
    try {
      const { recoveryCodes } = await create.mutateAsync({});
      await onCreated(recoveryCodes);
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
  }

  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={m.newCodesTitle}
      description={m.newCodesText}
      confirm={m.newCodes}
      tone="primary"
      pending={create.isPending}
      onConfirm={() => void confirm()}
    />
  );
}

/** Stays until the person says that the codes are saved: nobody can see them again. */
function CodesDialog({ codes, onClose }: ChangeProps & { readonly codes: readonly string[] }) {
  const m = useMessages(messages);
  const { codesText } = useMessages(passkeyMessages);
  return (
    <Dialog open persistent onOpenChange={(open) => open || onClose()} title={m.codesTitle} description={codesText}>
      <RecoveryCodes codes={codes} onSaved={onClose} />
    </Dialog>
  );
}
