import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { PasswordField, TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { WithLinkToken } from "./link-token";
import { messages } from "./messages";

export function SetupPage() {
  return <WithLinkToken>{(token) => <SetupForm token={token} />}</WithLinkToken>;
}

function SetupForm({ token }: { readonly token: string }) {
  const m = useMessages(messages);
  const navigate = useNavigate();
  return (
    <AccountPage title={m.setupTitle} intro={m.setupIntro}>
      <Form
        onSubmit={async (data) => {
          const text = (name: string) => String(data.get(name));
          await catalog.auth.completeSetup({ token, email: text("email"), name: text("name"), password: text("password") });
          await navigate({ to: "/admin/products", replace: true });
        }}
      >
        <TextField label={m.name} name="name" autoComplete="name" maxLength={100} hint={m.nameHint} required autoFocus />
        <TextField label={m.email} name="email" type="email" autoComplete="username" maxLength={254} required />
        <PasswordField
          label={m.password}
          name="password"
          autoComplete="new-password"
          minLength={12}
          maxLength={128}
          hint={m.passwordHint}
          required
        />
        <SubmitButton>{m.create}</SubmitButton>
      </Form>
    </AccountPage>
  );
}
