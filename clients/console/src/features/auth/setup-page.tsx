import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths, minPasswordLength } from "@/lib/limits";
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
        <TextField
          label={m.name}
          name="name"
          autoComplete="name"
          maxLength={maxLengths["admin.name"]}
          hint={m.nameHint}
          required
          autoFocus
        />
        <TextField
          label={m.email}
          name="email"
          type="email"
          autoComplete="username"
          maxLength={maxLengths["admin.email"]}
          required
        />
        <PasswordField
          label={m.password}
          name="password"
          autoComplete="new-password"
          minLength={minPasswordLength}
          maxLength={maxLengths.password}
          hint={m.passwordHint}
          required
        />
        <SubmitButton>{m.create}</SubmitButton>
      </Form>
    </AccountPage>
  );
}
