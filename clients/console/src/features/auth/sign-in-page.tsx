import { Link, useRouter, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { maxLengths } from "@/lib/limits";
import { safeReturnTo } from "@/lib/return-to";
import { PasswordField, TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { messages } from "./messages";
import { WithSecondFactor } from "./second-factor";
import { SignedOutBecause } from "./sign-out-reason";

export function SignInPage() {
  const m = useMessages(messages);
  const router = useRouter();
  const { to } = useSearch({ from: "/account/sign-in" });

  const stays = useRef(false);
  const goOn = useCallback(() => router.history.replace(safeReturnTo(to)), [router, to]);

  // When somebody signs in in another tab.
  useEffect(
    () =>
      catalog.session.onChange((signedIn) => {
        if (signedIn && !stays.current) goOn();
      }),
    [goOn],
  );

  return (
    <WithSecondFactor onSignedIn={goOn} stays={stays}>
      {(signIn) => (
        <AccountPage title={m.signIn} intro={m.signInIntro}>
          <SignedOutBecause />
          <Form
            onSubmit={(data) => {
              const credentials = { email: String(data.get("email")), password: String(data.get("password")) };
              return signIn((secondFactor) => catalog.auth.signIn({ ...credentials, secondFactor }));
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
            <PasswordField
              label={m.password}
              name="password"
              autoComplete="current-password"
              maxLength={maxLengths.password}
              required
            />
            <SubmitButton>{m.signIn}</SubmitButton>
          </Form>
          <p className="mt-5 text-center text-sm">
            <Link to="/forgot-password" className="rounded-md text-accent-ink underline-offset-4 hover:underline">
              {m.forgot}
            </Link>
          </p>
        </AccountPage>
      )}
    </WithSecondFactor>
  );
}
