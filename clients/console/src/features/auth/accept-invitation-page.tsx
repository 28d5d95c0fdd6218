import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths, minPasswordLength } from "@/lib/limits";
import { PasswordField, TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { WithLinkToken } from "./link-token";
import { messages } from "./messages";

export function AcceptInvitationPage() {
  return <WithLinkToken>{(token) => <AcceptForm token={token} />}</WithLinkToken>;
}

function AcceptForm({ token }: { readonly token: string }) {
  const m = useMessages(messages);
  const navigate = useNavigate();
  return (
    <AccountPage title={m.acceptTitle} intro={m.acceptIntro}>
      <Form
        onSubmit={async (data) => {
          await catalog.auth.acceptInvitation({ token, password: String(data.get("password")), name: String(data.get("name")) });
          await navigate({ to: "/admin/products", replace: true });
        }}
      >
        <PasswordField
          label={m.password}
          name="password"
          autoComplete="new-password"
          minLength={minPasswordLength}
          maxLength={maxLengths.password}
          hint={m.passwordHint}
          required
          autoFocus
        />
        <TextField label={m.name} name="name" autoComplete="name" maxLength={maxLengths["admin.name"]} hint={m.keepName} />
        <SubmitButton>{m.accept}</SubmitButton>
      </Form>
    </AccountPage>
  );
}
