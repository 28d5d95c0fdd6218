import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths } from "@/lib/limits";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { messages } from "./messages";

export function ForgotPasswordPage() {
  const m = useMessages(messages);
  const [sentTo, setSentTo] = useState<string>();
  if (sentTo !== undefined) {
    return (
      <AccountPage title={m.sentTitle} intro={m.sentText(sentTo)}>
        <Button asChild className="w-full">
          <Link to="/sign-in">{m.backToSignIn}</Link>
        </Button>
      </AccountPage>
    );
  }
  return (
    <AccountPage title={m.forgotTitle} intro={m.forgotIntro}>
      <Form
        onSubmit={async (data) => {
          const email = String(data.get("email")).trim();
          await catalog.auth.requestPasswordReset({ email });
          setSentTo(email);
        }}
      >
        <TextField
          label={m.email}
          name="email"
          type="email"
          autoComplete="username"
          maxLength={maxLengths["admin.email"]}
          required
          autoFocus
        />
        <SubmitButton>{m.sendLink}</SubmitButton>
      </Form>
      <p className="mt-5 text-center text-sm">
        <Link to="/sign-in" className="rounded-md text-accent-ink underline-offset-4 hover:underline">
          {m.backToSignIn}
        </Link>
      </p>
    </AccountPage>
  );
}
