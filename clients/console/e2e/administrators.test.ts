import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertAccessible, checkPage, launchBrowser, signIn, visit } from "./harness/browser";
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

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

async function choose(page: Page, name: string, action: string) {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

test("an invitation arrives in the mailbox, and whoever opens it becomes an administrator", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/administrators");
    await page.getByRole("heading", { name: "You are the only one so far" }).waitFor();
    await checkPage(page, "administrators-alone");
    await page.keyboard.press("c");
    await page.getByLabel("E-mail").fill("BETO@example.com");
    await page.getByLabel("Name").fill(beto.name);
    await assertAccessible(page, "invite");
    await page.getByRole("button", { name: "Send invitation" }).click();
    await row(page, beto.name).filter({ hasText: "Invited" }).waitFor();

    await page.getByRole("link", { name: "Notifications" }).click();
    await page.getByRole("tab", { name: "Mailbox" }).click();
    await page.getByRole("link", { name: /beto@example.com/ }).click();
    const mail = page.frameLocator("iframe[title='The mail']");
    await mail.getByText(`Hello ${beto.name},`).waitFor();
    const link = await mail.getByRole("link").first().getAttribute("href");
    assert.match(link ?? "", /\/accept-invitation#token=/);

    // Mails have styles of their own, which the content security policy refuses everywhere else.
    const border = await mail
      .getByRole("link")
      .first()
      .evaluate((element) => getComputedStyle(element).borderTopStyle);
    assert.equal(border, "solid");
    await checkPage(page, "mailbox-invitation");
    await page.getByText("As text").click();
    await page.getByText(`Hello ${beto.name},`).waitFor();

    await visit(browser, server.url, async ({ page: theirs }) => {
      await theirs.goto(link ?? "");
      await theirs.getByRole("heading", { name: "Accept the invitation" }).waitFor();
      await checkPage(theirs, "accept-invitation");
      await theirs.getByLabel("Password", { exact: true }).fill(beto.password);
      await theirs.getByRole("button", { name: "Accept" }).click();
      await theirs.waitForURL("**/admin/products");
    });
    // Opened once more elsewhere, it leads to sign-in.
    await visit(browser, server.url, async ({ page: later, expectConsole }) => {
      expectConsole(refused);
      await later.goto(link ?? "");
      await later.getByLabel("Password", { exact: true }).fill("another password of Beto");
      await later.getByRole("button", { name: "Accept" }).click();
      await later.getByRole("heading", { name: "This invitation was accepted already" }).waitFor();
      await later.getByRole("link", { name: "Forgot your password?" }).waitFor();
      await checkPage(later, "accept-invitation-used");
      await later.getByRole("link", { name: "Sign in" }).click();
      await signIn(later, beto);
    });
    await page.getByRole("link", { name: "Administrators" }).click();
    await row(page, beto.name).filter({ hasText: "Active" }).waitFor();
    await checkPage(page, "administrators");
  });
});

test("an administrator is edited, disabled, deleted and restored; an address is nobody else's", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await server.createAdmin({ email: "carla@example.com", name: "Carla Jiménez", password: "correct horse battery" });
    await signIn(page);
    await page.goto("/admin/administrators");
    await choose(page, "Carla Jiménez", "Edit");
    await page.getByLabel("E-mail").fill(ana.email);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Another administrator has this e-mail address.").waitFor();
    await assertAccessible(page, "edit an administrator");
    await page.getByLabel("E-mail").fill("carla.jimenez@example.com");
    await page.getByLabel("Name").fill("Carla J. Ortega");
    await page.getByRole("button", { name: "Save" }).click();
    await row(page, "Carla J. Ortega").filter({ hasText: "carla.jimenez@example.com" }).waitFor();

    await choose(page, "Carla J. Ortega", "Disable");
    await row(page, "Carla J. Ortega").filter({ hasText: "Disabled" }).waitFor();
    await choose(page, "Carla J. Ortega", "Enable");
    await row(page, "Carla J. Ortega").filter({ hasText: "Active" }).waitFor();

    await choose(page, "Carla J. Ortega", "Delete");
    await page.getByRole("listitem").filter({ hasText: "Carla J. Ortega is deleted" }).hover(); // holds it
    await row(page, "Carla J. Ortega").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await row(page, "Carla J. Ortega").filter({ hasText: "Active" }).waitFor();

    await choose(page, "Carla J. Ortega", "Delete");
    await row(page, "Carla J. Ortega").waitFor({ state: "detached" });
    await page.getByRole("switch", { name: "Show deleted" }).click();
    await row(page, "Carla J. Ortega").filter({ hasText: "Deleted" }).waitFor();
    assert.equal(new URL(page.url()).search, "?deleted=1");
    await choose(page, "Carla J. Ortega", "Restore");
    await row(page, "Carla J. Ortega").filter({ hasText: "Active" }).waitFor();
  });
});

test("whoever disables themselves is asked, and the last administrator stays", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await page.goto("/admin/administrators");
    await choose(page, ana.name, "Disable");
    await page.getByRole("dialog", { name: "Disable yourself?" }).getByRole("button", { name: "Disable" }).click();
    await page
      .getByText("The last administrator who can sign in can be neither disabled nor deleted.", { exact: true })
      .first()
      .waitFor();
    await row(page, ana.name).filter({ hasText: "Active" }).waitFor();
  });
});

test("a session that somebody ends is over at once", async () => {
  const dora = { email: "dora@example.com", name: "Dora Núñez", password: "correct horse battery" };
  await server.createAdmin(dora);
  await visit(browser, server.url, async ({ page: theirs, expectConsole }) => {
    expectConsole(refused);
    await signIn(theirs, dora);
    await visit(browser, server.url, async ({ page }) => {
      await signIn(page);
      await page.goto("/admin/administrators");
      await choose(page, dora.name, "Sessions");
      const sessions = page.getByRole("dialog", { name: `Where ${dora.name} is signed in` });
      await sessions.getByText("Chrome on Linux").waitFor();
      await assertAccessible(page, "sessions");
      await sessions.getByRole("button", { name: "Sign out Chrome on Linux" }).click();
      await sessions.getByText("Not signed in anywhere").waitFor();
    });
    await theirs.getByRole("link", { name: "Reports" }).click();
    await theirs.waitForURL("**/sign-in?**");
    await theirs.getByText("Your session was ended: you or another administrator signed it out").waitFor();
    await checkPage(theirs, "sign-in-session-ended");
  });
});
