import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/i18n";
import { Button } from "@/ui/button";
import { AccountPage } from "./account-page";
import { messages } from "./messages";

/** Takes the token out of the address at once, so that it stays neither there nor in the history. */
function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (token !== "") history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** Renders a page with the token of its link, or says that there is none. */
export function WithLinkToken({ children }: { readonly children: (token: string) => ReactNode }) {
  const m = useMessages(messages);
  const [token] = useState(takeTokenOnce);
  if (token !== "") return children(token);
  return (
    <AccountPage title={m.noToken} intro={m.noTokenText}>
      <Button asChild className="w-full">
        <Link to="/sign-in">{m.backToSignIn}</Link>
      </Button>
    </AccountPage>
  );
}

let taken: { readonly path: string; readonly token: string } | undefined;

/** React may ask for a first state twice; the address holds the token only once. */
function takeTokenOnce(): string {
  const token = takeToken();
  if (token !== "") taken = { path: location.pathname, token };
  return taken?.path === location.pathname ? taken.token : "";
}
