import type { Admin } from "@zebrands/catalog";
import { PendingEmail, useSavedText } from "@/app/admin/pending-email";
import { savePerson, useRefreshAdmins } from "@/app/admin/person";
import { SessionList } from "@/app/admin/session-list";
import { PasskeyList } from "@/app/passkeys/passkey-list";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths } from "@/lib/limits";
import { Button } from "@/ui/button";
import { ConfirmDialog, Dialog, DialogActions } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { messages as uiMessages } from "@/ui/messages";
import { toast } from "@/ui/toast";
import { useAdminActions } from "./actions";
import { messages } from "./messages";

/** Which dialog is open, and about whom. */
export type OpenDialog =
  | { readonly kind: "invite" }
  | { readonly kind: "edit" | "sessions" | "passkeys" | "disable-self" | "delete-self"; readonly admin: Admin };

/** The dialogs of the page, of which at most one is open. */
export function AdminDialogs({ dialog, onClose }: { readonly dialog: OpenDialog | undefined; readonly onClose: () => void }) {
  const m = useMessages(messages);
  const actions = useAdminActions();
  const open = { open: true, onOpenChange: (still: boolean) => still || onClose() };
  switch (dialog?.kind) {
    case "invite":
      return (
        <Dialog {...open} title={m.inviteTitle} description={m.inviteText}>
          <InviteForm onClose={onClose} />
        </Dialog>
      );
    case "edit":
      return (
        <Dialog {...open} title={m.editTitle(dialog.admin.name)}>
          <EditForm admin={dialog.admin} onClose={onClose} />
        </Dialog>
      );
    case "sessions":
      return (
        <Dialog {...open} kind="sheet" title={m.sessionsTitle(dialog.admin.name)} description={m.sessionsText}>
          <SessionList adminId={dialog.admin.id} />
        </Dialog>
      );
    case "passkeys":
      return (
        <Dialog {...open} kind="sheet" title={m.passkeysTitle(dialog.admin.name)} description={m.passkeysText}>
          <PasskeyList owner={dialog.admin} />
        </Dialog>
      );
    case "disable-self":
    case "delete-self": {
      const { admin } = dialog;
      const disable = dialog.kind === "disable-self";
      const confirm = () => {
        onClose();
        void (disable ? actions.setDisabled(admin, true) : actions.remove(admin));
      };
      return (
        <ConfirmDialog
          {...open}
          title={disable ? m.disableSelf : m.deleteSelf}
          description={m.selfText}
          confirm={disable ? m.disable : m.delete}
          onConfirm={confirm}
        />
      );
    }
    default:
      return null;
  }
}

function InviteForm({ onClose }: { readonly onClose: () => void }) {
  const m = useMessages(messages);
  const refresh = useRefreshAdmins();

  async function invite(data: FormData) {
    const email = String(data.get("email"));
    await catalog.admins.createAdmin({ admin: { email, name: String(data.get("name")) } });
    toast(m.invited(email));
    onClose();
    await refresh();
  }

  return (
    <Form onSubmit={invite} prefix="admin.">
      <TextField
        label={m.email}
        name="email"
        type="email"
        autoComplete="off"
        maxLength={maxLengths["admin.email"]}
        required
        autoFocus
      />
      <TextField label={m.name} name="name" autoComplete="off" maxLength={maxLengths["admin.name"]} required />
      <FormActions submit={m.sendInvitation} onClose={onClose} />
    </Form>
  );
}

function EditForm({ admin, onClose }: { readonly admin: Admin; readonly onClose: () => void }) {
  const m = useMessages(messages);
  const refresh = useRefreshAdmins();
  const savedText = useSavedText();

  async function save(data: FormData) {
    const saved = await savePerson(admin, data);
    toast(savedText(admin, saved, m.saved(saved.name)));
    onClose();
    await refresh();
  }

  return (
    <Form onSubmit={save} prefix="admin.">
      <TextField label={m.name} name="name" defaultValue={admin.name} maxLength={maxLengths["admin.name"]} required autoFocus />
      <TextField
        label={m.email}
        name="email"
        type="email"
        defaultValue={admin.email}
        maxLength={maxLengths["admin.email"]}
        hint={m.emailHint}
        required
      />
      <PendingEmail admin={admin} onCanceled={onClose} />
      <FormActions submit={m.save} onClose={onClose} />
    </Form>
  );
}

function FormActions({ submit, onClose }: { readonly submit: string; readonly onClose: () => void }) {
  const m = useMessages(uiMessages);
  return (
    <DialogActions>
      <Button onClick={onClose}>{m.cancel}</Button>
      <SubmitButton>{submit}</SubmitButton>
    </DialogActions>
  );
}
