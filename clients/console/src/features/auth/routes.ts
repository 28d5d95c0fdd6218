import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { accountRoute } from "@/app/account/route";
import { safeReturnTo } from "@/lib/return-to";
import { defined, textParam } from "@/lib/search-params";

/** Leads whoever is signed in already, in this tab or another one, to where they wanted to go. */
async function goOnIfSignedIn(to?: string): Promise<void> {
  const { resumeSession } = await import("@/lib/catalog");
  // If the server cannot be reached, the form says so as soon as it is sent.
  if (await resumeSession().catch(() => false)) throw redirect({ href: safeReturnTo(to), replace: true });
}

const signIn = createRoute({
  getParentRoute: () => accountRoute,
  path: "sign-in",
  /** `to` is where to go afterwards. */
  validateSearch: (params: Record<string, unknown>): { to?: string } => defined({ to: textParam(params["to"]) }),
  beforeLoad: ({ search }) => goOnIfSignedIn(search.to),
  component: lazyRouteComponent(() => import("./sign-in-page"), "SignInPage"),
});

const forgotPassword = createRoute({
  getParentRoute: () => accountRoute,
  path: "forgot-password",
  component: lazyRouteComponent(() => import("./forgot-password-page"), "ForgotPasswordPage"),
});

// The pages below are opened from links that work once: their token is in the fragment, which browsers do not send to servers.

const setup = createRoute({
  getParentRoute: () => accountRoute,
  path: "setup",
  // Whoever is signed in is past it.
  beforeLoad: () => goOnIfSignedIn(),
  component: lazyRouteComponent(() => import("./setup-page"), "SetupPage"),
});

const resetPassword = createRoute({
  getParentRoute: () => accountRoute,
  path: "reset-password",
  component: lazyRouteComponent(() => import("./reset-password-page"), "ResetPasswordPage"),
});

const acceptInvitation = createRoute({
  getParentRoute: () => accountRoute,
  path: "accept-invitation",
  component: lazyRouteComponent(() => import("./accept-invitation-page"), "AcceptInvitationPage"),
});

const confirmEmail = createRoute({
  getParentRoute: () => accountRoute,
  path: "confirm-email",
  component: lazyRouteComponent(() => import("./confirm-email-page"), "ConfirmEmailPage"),
});

export const authRoutes = [signIn, forgotPassword, setup, resetPassword, acceptInvitation, confirmEmail] as const;
