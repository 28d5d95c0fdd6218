import type { Admin } from "@zebrands/catalog";
import { PendingEmail, useSavedText } from "@/app/admin/pending-email";
import { savePerson, useRefreshAdmins } from "@/app/admin/person";
import { useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** One's own name and address. */
export function AboutForm({ admin }: { readonly admin: Admin }) {
  const m = useMessages(messages);
  const refresh = useRefreshAdmins();
  const savedText = useSavedText();

  async function save(data: FormData) {
    toast(savedText(admin, await savePerson(admin, data), m.saved));
    await refresh();
  }

  return (
    <Form onSubmit={save} prefix="admin.">
      <TextField
        label={m.name}
        name="name"
        defaultValue={admin.name}
        autoComplete="name"
        maxLength={maxLengths["admin.name"]}
        required
      />
      <TextField
        label={m.email}
        name="email"
        type="email"
        defaultValue={admin.email}
        autoComplete="email"
        maxLength={maxLengths["admin.email"]}
        hint={m.emailHint}
        required
      />
      <PendingEmail admin={admin} />
      <SubmitButton className="self-start">{m.save}</SubmitButton>
    </Form>
  );
}
