import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths } from "@/lib/limits";
import { Button } from "@/ui/button";
import { PasswordField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { WithLinkToken } from "./link-token";
import { messages } from "./messages";

/** Makes a new address count. Opening the link alone changes nothing: mail scanners open links, too. */
export function ConfirmEmailPage() {
  return <WithLinkToken>{(token) => <ConfirmForm token={token} />}</WithLinkToken>;
}

function ConfirmForm({ token }: { readonly token: string }) {
  const m = useMessages(messages);
  const [confirmed, setConfirmed] = useState<string>();
  if (confirmed !== undefined) {
    return (
      <AccountPage title={m.confirmedTitle} intro={m.confirmedText(confirmed)}>
        <Button variant="primary" asChild className="w-full">
          <Link to="/admin/products">{m.toConsole}</Link>
        </Button>
      </AccountPage>
    );
  }
  return (
    <AccountPage title={m.confirmTitle} intro={m.confirmIntro}>
      <Form
        onSubmit={async (data) => {
          const { admin } = await catalog.auth.confirmEmail({ token, password: String(data.get("password")) });
          setConfirmed(admin?.email ?? "");
        }}
      >
        <PasswordField
          label={m.yourPassword}
          name="password"
          autoComplete="current-password"
          maxLength={maxLengths.password}
          hint={m.confirmHint}
          required
          autoFocus
        />
        <SubmitButton>{m.confirmEmail}</SubmitButton>
      </Form>
    </AccountPage>
  );
}
