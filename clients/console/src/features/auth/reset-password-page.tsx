import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths, minPasswordLength } from "@/lib/limits";
import { PasswordField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { WithLinkToken } from "./link-token";
import { messages } from "./messages";

export function ResetPasswordPage() {
  return <WithLinkToken>{(token) => <ResetForm token={token} />}</WithLinkToken>;
}

function ResetForm({ token }: { readonly token: string }) {
  const m = useMessages(messages);
  const navigate = useNavigate();
  return (
    <AccountPage title={m.resetTitle} intro={m.resetIntro}>
      <Form
        onSubmit={async (data) => {
          await catalog.auth.resetPassword({ token, newPassword: String(data.get("new_password")) });
          await navigate({ to: "/admin/products", replace: true });
        }}
      >
        <PasswordField
          label={m.newPassword}
          name="new_password"
          autoComplete="new-password"
          minLength={minPasswordLength}
          maxLength={maxLengths.password}
          hint={m.passwordHint}
          required
          autoFocus
        />
        <SubmitButton>{m.setPassword}</SubmitButton>
      </Form>
    </AccountPage>
  );
}
