import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths, minPasswordLength } from "@/lib/limits";
import { PasswordField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { WithLinkToken } from "./link-token";
import { messages } from "./messages";
import { WithSecondFactor } from "./second-factor";

export function ResetPasswordPage() {
  return <WithLinkToken>{(token) => <ResetForm token={token} />}</WithLinkToken>;
}

function ResetForm({ token }: { readonly token: string }) {
  const m = useMessages(messages);
  const navigate = useNavigate();
  return (
    <WithSecondFactor onSignedIn={() => void navigate({ to: "/admin/products", replace: true })}>
      {(signIn) => (
        <AccountPage title={m.resetTitle} intro={m.resetIntro}>
          <Form
            onSubmit={(data) => {
              const newPassword = String(data.get("new_password"));
              return signIn((secondFactor) => catalog.auth.resetPassword({ token, newPassword, secondFactor }));
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
      )}
    </WithSecondFactor>
  );
}
