import { useState } from "react";
import { useRefreshSessions } from "@/app/admin/session-list";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths, minPasswordLength } from "@/lib/limits";
import { PasswordField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** Changes one's own password. This session goes on under a new name; all others end. */
export function PasswordForm({ email }: { readonly email: string }) {
  const m = useMessages(messages);
  const refreshSessions = useRefreshSessions();
  const [changes, setChanges] = useState(0);

  async function change(data: FormData) {
    await catalog.auth.changePassword({
      currentPassword: String(data.get("current_password")),
      newPassword: String(data.get("new_password")),
    });
    toast(m.passwordChanged);
    setChanges(changes + 1);
    await refreshSessions();
  }

  return (
    // A new key empties the fields.
    <Form key={changes} onSubmit={change}>
      {/* Tells password managers whose password this is. */}
      <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
      <PasswordField
        label={m.currentPassword}
        name="current_password"
        autoComplete="current-password"
        maxLength={maxLengths.password}
        required
      />
      <PasswordField
        label={m.newPassword}
        name="new_password"
        autoComplete="new-password"
        minLength={minPasswordLength}
        maxLength={maxLengths.password}
        hint={m.newPasswordHint}
        required
      />
      <SubmitButton className="self-start">{m.changePassword}</SubmitButton>
    </Form>
  );
}
