import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { addAuthenticator } from "./harness/authenticator";
import { checkPage, launchBrowser, signIn, visit } from "./harness/browser";
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

const question = (page: Page) => page.getByRole("dialog", { name: "Confirm that it is you" });

/** Opens a page as somebody who signed in a while ago. */
async function comeBack(page: Page, path: string): Promise<void> {
  await server.ageSessions();
  await page.goto(path);
}

test("whoever signed in a while ago confirms who they are, and goes on where they were", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await comeBack(page, "/admin/administrators");
    await page.getByRole("button", { name: "Invite" }).first().click();
    await page.getByLabel("E-mail").fill(beto.email);
    await page.getByLabel("Name").fill(beto.name);
    await page.getByRole("button", { name: "Send invitation" }).click();
    await question(page).waitFor();
    await checkPage(page, "reauthentication");

    // Nothing is lost by not wanting to.
    await page.keyboard.press("Escape");
    await question(page).waitFor({ state: "detached" });
    assert.equal(await page.getByLabel("E-mail").inputValue(), beto.email);
    assert.equal(await page.getByLabel("Name").inputValue(), beto.name);
    assert.equal(await page.getByRole("alert").count(), 0);

    await page.getByRole("button", { name: "Send invitation" }).click();
    await question(page).getByLabel("Your password").fill("not my password");
    await page.keyboard.press("Enter");
    await question(page).getByText("The current password is not right.").waitFor();
    await question(page).getByLabel("Your password").fill(ana.password);
    await page.keyboard.press("Enter");
    await page.getByRole("row").filter({ hasText: beto.name }).filter({ hasText: "Invited" }).waitFor();

    // It is not asked again for a while.
    await page.getByRole("button", { name: `Actions for ${beto.name}` }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("row").filter({ hasText: beto.name }).waitFor({ state: "detached" });
    assert.equal(await question(page).count(), 0);
  });
});

test("actions without a form ask, too, and do nothing without an answer", async () => {
  await server.createAdmin(beto);
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await comeBack(page, "/admin/administrators");
    const row = page.getByRole("row").filter({ hasText: beto.name });
    const remove = async () => {
      await page.getByRole("button", { name: `Actions for ${beto.name}` }).click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
    };
    await remove();
    await question(page).getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Confirm that it is you, then try again.", { exact: true }).waitFor();
    await row.filter({ hasText: "Active" }).waitFor();
    await remove();
    await question(page).getByLabel("Your password").fill(ana.password);
    await question(page).getByRole("button", { name: "Confirm" }).click();
    await row.waitFor({ state: "detached" });
  });
});

test("a passkey is enough to confirm", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await addAuthenticator(page);
    await signIn(page);
    await comeBack(page, "/admin/profile");
    await page.getByRole("button", { name: "Add passkey" }).click();
    await page.getByRole("dialog", { name: "Add passkey" }).getByRole("button", { name: "Add passkey" }).click();
    await question(page).getByLabel("Your password").fill(ana.password);
    assert.equal(await question(page).getByRole("button", { name: "Use a passkey" }).count(), 0);
    await question(page).getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("button", { name: "I have saved them" }).click();

    await comeBack(page, "/admin/profile");
    await page.getByRole("button", { name: "Create new recovery codes" }).click();
    await page
      .getByRole("dialog", { name: "Create new recovery codes?" })
      .getByRole("button", { name: "Create new recovery codes" })
      .click();
    await question(page).getByRole("button", { name: "Use a passkey" }).waitFor();
    await checkPage(page, "reauthentication-passkey");
    await question(page).getByRole("button", { name: "Use a passkey" }).click();
    await page.getByRole("button", { name: "I have saved them" }).click();
    await page.getByText("10 recovery codes left").waitFor();
  });
});
