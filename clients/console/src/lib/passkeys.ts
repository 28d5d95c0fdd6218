/** Why no passkey can be used on this page: it is not secure (no https), its address is a number, or the browser knows none. */
export type PasskeyObstacle = "insecure" | "number" | "browser";

/** Returns what stands in the way of passkeys on this page, if anything does. */
export function passkeyObstacle(): PasskeyObstacle | undefined {
  // A passkey belongs to a name. Browsers give the numbers of this machine what secure pages have, but no passkeys.
  if (/^(\d+\.){3}\d+$|^\[/.test(location.hostname)) return "number";
  if (!window.isSecureContext) return "insecure";
  return window.PublicKeyCredential === undefined ? "browser" : undefined;
}

/** What went wrong between the page and what keeps the passkeys, before the server was asked. */
export type PasskeyProblem = "canceled" | "known" | "address" | "failed";

/** Thrown when the browser, or whoever sits before it, gives no passkey. */
export class PasskeyError extends Error {
  readonly problem: PasskeyProblem;

  constructor(problem: PasskeyProblem, cause: unknown) {
    super(`no passkey: ${problem}`, { cause });
    this.problem = problem;
  }
}

/**
 * Asks for a passkey of this account.
 *
 * @param options - a PublicKeyCredentialRequestOptionsJSON, as the server gives it
 * @returns an AuthenticationResponseJSON
 * @throws PasskeyError
 */
export async function askForPasskey(options: string): Promise<string> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  return asking(() => startAuthentication({ optionsJSON: JSON.parse(options) }));
}

/**
 * Asks for a new passkey.
 *
 * @param options - a PublicKeyCredentialCreationOptionsJSON, as the server gives it
 * @returns a RegistrationResponseJSON
 * @throws PasskeyError
 */
export async function createPasskey(options: string): Promise<string> {
  const { startRegistration } = await import("@simplewebauthn/browser");
  return asking(() => startRegistration({ optionsJSON: JSON.parse(options) }));
}

/** Stops asking, because the person does something else instead. */
export async function stopAskingForPasskey(): Promise<void> {
  const { WebAuthnAbortService } = await import("@simplewebauthn/browser");
  WebAuthnAbortService.cancelCeremony();
}

const problems: Readonly<Record<string, PasskeyProblem>> = {
  NotAllowedError: "canceled", // also after a time-out: the browser does not tell which
  AbortError: "canceled",
  InvalidStateError: "known",
  SecurityError: "address",
};

async function asking(ask: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await ask());
  } catch (error) {
    throw new PasskeyError(problems[error instanceof Error ? error.name : ""] ?? "failed", error);
  }
}
