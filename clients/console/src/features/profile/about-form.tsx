import { type Admin, AdminService, AuthService } from "@zebrands/catalog";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths } from "@/lib/limits";
import { useRefresh } from "@/lib/refresh";
import { TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** One's own name and address. */
export function AboutForm({ admin }: { readonly admin: Admin }) {
  const m = useMessages(messages);
  const refresh = useRefresh();

  async function save(data: FormData) {
    const email = String(data.get("email"));
    const name = String(data.get("name"));
    await catalog.admins.updateAdmin({
      admin: { id: admin.id, etag: admin.etag, email, name },
      updateMask: { paths: ["email", "name"] },
    });
    toast(m.saved);
    await refresh(AuthService.method.getCurrentAdmin, AdminService.method.listAdmins);
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
      <SubmitButton className="self-start">{m.save}</SubmitButton>
    </Form>
  );
}
