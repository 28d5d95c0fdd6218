import type { Page } from "playwright-core";

/** A device that keeps passkeys, and whose person confirms at once. */
export interface Authenticator {
  /** Returns how many passkeys it keeps. */
  passkeys(): Promise<number>;
  /** From now on it is there, but nobody confirms. */
  leaveAlone(): Promise<void>;
}

/** Gives a page Chromium's virtual authenticator, such as a laptop with a fingerprint reader. */
export async function addAuthenticator(page: Page): Promise<Authenticator> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    passkeys: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
    leaveAlone: async () => {
      await devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
    },
  };
}
