import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { addAuthenticator } from "./harness/authenticator";
import { assertAccessible, checkPage, launchBrowser, signIn, visit } from "./harness/browser";
import { until } from "./harness/patience";
import { ana, type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** What the browser says about a call that was refused, as it should be. */
const refused = /status of 4\d\d/;

const beto = { email: "beto@example.com", name: "Beto Ramírez", password: "a horse battery stapled" };

/** Adds a passkey in the profile and returns the recovery codes that come with the first one. */
async function addPasskey(page: Page, name: string): Promise<string[]> {
  await page.goto("/admin/profile");
  await page.getByRole("button", { name: "Add passkey" }).click();
  const dialog = page.getByRole("dialog", { name: "Add passkey" });
  await dialog.getByLabel("Name of the passkey").fill(name);
  await dialog.getByRole("button", { name: "Add passkey" }).click();
  const codes = await saveCodes(page);
  await passkey(page, name).waitFor();
  return codes;
}

/** Returns the recovery codes that the page shows, and says that they are saved. */
async function saveCodes(page: Page): Promise<string[]> {
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await codes.first().waitFor();
  const texts = await codes.allInnerTexts();
  await page.getByRole("button", { name: "I have saved them" }).click();
  return texts;
}

const passkey = (page: Page, name: string) => page.getByRole("main").getByRole("listitem").filter({ hasText: name });

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Your account" }).first().click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in?**");
}

/** Sends e-mail and password; what comes next is up to the test. */
async function sendPassword(page: Page, { email, password } = ana): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a person adds a passkey, signs out, and signs in with it", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    const authenticator = await addAuthenticator(page);
    await signIn(page);
    await page.goto("/admin/profile");
    await page.getByText("You have no passkey.").waitFor();
    await page.getByRole("button", { name: "Add passkey" }).click();
    const name = page.getByLabel("Name of the passkey");
    assert.equal(await name.inputValue(), "Chrome on Linux");
    await checkPage(page, "passkey-add");
    await name.fill("Ana's laptop");
    await page.keyboard.press("Enter");

    const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
    await codes.first().waitFor();
    assert.equal(await codes.count(), 10);
    await checkPage(page, "recovery-codes");
    // Escape alone does not take away what nobody can see again.
    await page.keyboard.press("Escape");
    await codes.first().waitFor();
    const file = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).click();
    assert.equal((await file).suggestedFilename(), "recovery-codes.txt");
    await page.getByRole("button", { name: "I have saved them" }).click();
    await passkey(page, "Ana's laptop").filter({ hasText: "never used" }).waitFor();
    await page.getByText("10 recovery codes left").waitFor();
    assert.equal(await authenticator.passkeys(), 1);
    await checkPage(page, "profile-passkeys");

    await signOut(page);
    await signIn(page);
    await page.goto("/admin/profile");
    await passkey(page, "Ana's laptop").filter({ hasText: "last used" }).waitFor();

    // A device has one passkey for an account.
    await page.getByRole("button", { name: "Add passkey" }).click();
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "This device has a passkey for your account already." }).waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Remove Ana's laptop" }).click();
    const remove = page.getByRole("dialog", { name: "Remove “Ana's laptop”?" });
    await remove.getByText("the password alone is enough then").waitFor();
    await assertAccessible(page, "remove a passkey");
    await remove.getByRole("button", { name: "Remove passkey" }).click();
    await page.getByText("You have no passkey.").waitFor();
  });
});

test("a recovery code stands in for a passkey once", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    const authenticator = await addAuthenticator(page);
    await signIn(page);
    const [code = "", other = ""] = await addPasskey(page, "Ana's laptop");
    await signOut(page);
    await authenticator.leaveAlone();

    await sendPassword(page);
    await page.getByRole("heading", { name: "Use your passkey" }).waitFor();
    await checkPage(page, "sign-in-passkey");
    await page.getByRole("button", { name: "Use a recovery code instead" }).click();
    await page.getByLabel("Recovery code").fill("not one of them");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("[aria-invalid=true]").waitFor();
    await checkPage(page, "sign-in-recovery-code");
    // However somebody types it.
    await page.getByLabel("Recovery code").fill(` ${code.toUpperCase()} `);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/admin/**");
    await page.goto("/admin/profile");
    await page.getByText("9 recovery codes left").waitFor();

    await page.getByRole("button", { name: "Create new recovery codes" }).click();
    const replace = page.getByRole("dialog", { name: "Create new recovery codes?" });
    await replace.getByRole("button", { name: "Create new recovery codes" }).click();
    const [fresh = ""] = await saveCodes(page);
    await page.getByText("10 recovery codes left").waitFor();

    await signOut(page);
    await sendPassword(page);
    await page.getByRole("button", { name: "Use a recovery code instead" }).click();
    for (const used of [code, other]) {
      await page.getByLabel("Recovery code").fill(used);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.locator("[aria-invalid=true]").waitFor();
    }
    await page.getByLabel("Recovery code").fill(fresh);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/admin/**");
  });
});

test("a mailed link sets a password, and the passkey is asked for, too", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    const authenticator = await addAuthenticator(page);
    await signIn(page);
    const [code = ""] = await addPasskey(page, "Ana's laptop");
    await signOut(page);
    await authenticator.leaveAlone();
    await page.goto("/forgot-password");
    await page.getByLabel("E-mail").fill(ana.email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();

    await page.goto(await server.linkMailedTo(ana.email));
    await page.getByLabel("New password").fill("tomorrow's password");
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.getByRole("heading", { name: "Use your passkey" }).waitFor();
    await page.getByRole("button", { name: "Use a recovery code instead" }).click();
    await page.getByLabel("Recovery code").fill(code);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/admin/products");
  });
});

test("who requires a second factor hears first whom it concerns; those add a passkey when they sign in", async () => {
  await server.createAdmin(beto);
  await visit(browser, server.url, async ({ page: theirs, expectConsole }) => {
    expectConsole(refused);
    await addAuthenticator(theirs);
    await signIn(theirs, beto);
    await visit(browser, server.url, async ({ page, expectConsole }) => {
      expectConsole(refused);
      await addAuthenticator(page);
      await signIn(page);
      await page.goto("/admin/administrators");
      const rule = page.getByRole("switch", { name: "Require a second factor for everybody" });
      await rule.click();
      const first = page.getByRole("dialog", { name: "Add a passkey first" });
      await assertAccessible(page, "add a passkey first");
      await first.getByRole("link", { name: "Go to your profile" }).click();
      await page.waitForURL("**/admin/profile");
      await addPasskey(page, "Ana's laptop");

      await page.goto("/admin/administrators");
      await page.getByRole("row").filter({ hasText: ana.email }).filter({ hasText: "Second factor" }).waitFor();
      await rule.click();
      const dialog = page.getByRole("dialog", { name: "Require a second factor?" });
      await dialog.getByText(`${beto.name} has no passkey`).waitFor();
      await checkPage(page, "security-policy");
      await dialog.getByRole("button", { name: "Require a second factor" }).click();
      await page.locator("input[role=switch]:checked").waitFor();
    });

    await theirs.getByRole("link", { name: "Reports" }).click();
    await theirs.waitForURL("**/sign-in?**");
    await sendPassword(theirs, beto);
    await theirs.getByRole("heading", { name: "Add a passkey" }).waitFor();
    await checkPage(theirs, "sign-in-new-passkey");
    await theirs.getByRole("button", { name: "Add a passkey" }).click();
    await theirs.getByRole("heading", { name: "Save your recovery codes" }).waitFor();
    await checkPage(theirs, "sign-in-recovery-codes");
    await theirs.getByRole("button", { name: "I have saved them" }).click();
    await theirs.waitForURL("**/admin/**");
    await signOut(theirs);
    await signIn(theirs, beto);
  });
});

test("whoever accepts an invitation adds a passkey where one is required", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await addAuthenticator(page);
    await signIn(page);
    await addPasskey(page, "Ana's laptop");
    await page.goto("/admin/administrators");
    await page.getByRole("switch", { name: "Require a second factor for everybody" }).click();
    await page.getByRole("button", { name: "Require a second factor" }).click();
    await page.locator("input[role=switch]:checked").waitFor();
    await page.getByRole("button", { name: "Invite" }).first().click();
    await page.getByLabel("E-mail").fill(beto.email);
    await page.getByLabel("Name").fill(beto.name);
    await page.getByRole("button", { name: "Send invitation" }).click();
    const link = await server.linkMailedTo(beto.email);

    await visit(browser, server.url, async ({ page: theirs, expectConsole }) => {
      expectConsole(refused);
      await addAuthenticator(theirs);
      await theirs.goto(link);
      await theirs.getByLabel("Password", { exact: true }).fill(beto.password);
      await theirs.getByRole("button", { name: "Accept" }).click();
      await theirs.getByLabel("Name of the passkey").fill("Beto's phone");
      await theirs.getByRole("button", { name: "Add a passkey" }).click();
      await theirs.getByRole("button", { name: "I have saved them" }).click();
      await theirs.waitForURL("**/admin/products");
    });

    // And when they lose it, another administrator helps.
    await page.reload();
    await page.getByRole("button", { name: `Actions for ${beto.name}` }).click();
    await page.getByRole("menuitem", { name: "Passkeys" }).click();
    const sheet = page.getByRole("dialog", { name: `Passkeys of ${beto.name}` });
    await sheet.getByText("Beto's phone").waitFor();
    await checkPage(page, "passkeys-of");
    await sheet.getByRole("button", { name: "Remove Beto's phone" }).click();
    await page.getByRole("button", { name: "Remove passkey" }).click();
    await sheet.getByText(`${beto.name} has no passkey.`).waitFor();
  });
});

test("a page without https or without a name says why it knows no passkeys", async () => {
  const numeric = new URL(server.url);
  numeric.hostname = "127.0.0.1";
  await visit(browser, numeric.origin, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/profile");
    await page.getByText("this page's address is a number").waitFor();
    await until("there is nothing to add", async () => (await page.getByRole("button", { name: "Add passkey" }).count()) === 0);
    await checkPage(page, "profile-no-passkeys");
  });
});
