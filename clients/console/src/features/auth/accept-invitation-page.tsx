import { Link, useNavigate } from "@tanstack/react-router";
import { isReason } from "@zebrands/catalog";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths, minPasswordLength } from "@/lib/limits";
import { Button } from "@/ui/button";
import { PasswordField, TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { WithLinkToken } from "./link-token";
import { messages } from "./messages";
import { WithSecondFactor } from "./second-factor";

export function AcceptInvitationPage() {
  return <WithLinkToken>{(token) => <AcceptForm token={token} />}</WithLinkToken>;
}

function AcceptForm({ token }: { readonly token: string }) {
  const m = useMessages(messages);
  const navigate = useNavigate();
  const [accepted, setAccepted] = useState(false);
  if (accepted) return <AlreadyAccepted />;
  return (
    <WithSecondFactor onSignedIn={() => void navigate({ to: "/admin/products", replace: true })}>
      {(signIn) => (
        <AccountPage title={m.acceptTitle} intro={m.acceptIntro}>
          <Form
            onSubmit={(data) => {
              const answer = { token, password: String(data.get("password")), name: String(data.get("name")) };
              return signIn((secondFactor) =>
                catalog.auth.acceptInvitation({ ...answer, secondFactor }).catch((error) => {
                  if (isReason(error, "INVITATION_ACCEPTED")) setAccepted(true);
                  throw error;
                }),
              );
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
      )}
    </WithSecondFactor>
  );
}

/** Whoever opens a used invitation has an account: they want to sign in, or have forgotten the password that they chose. */
function AlreadyAccepted() {
  const m = useMessages(messages);
  return (
    <AccountPage title={m.accepted} intro={m.acceptedText}>
      <Button variant="primary" asChild className="w-full">
        <Link to="/sign-in">{m.signIn}</Link>
      </Button>
      <p className="mt-5 text-center text-sm">
        <Link to="/forgot-password" className="rounded-md text-accent-ink underline-offset-4 hover:underline">
          {m.forgot}
        </Link>
      </p>
    </AccountPage>
  );
}
