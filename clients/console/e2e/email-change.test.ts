import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
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

const luis = { email: "luis@example.com", name: "Luis Peña", password: "a horse battery stapled" };

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

test("a new address counts once its owner has confirmed it with their password", async () => {
  await server.createAdmin(luis);
  const next = "luis.pena@example.com";
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/administrators");
    await page.getByRole("button", { name: `Actions for ${luis.name}` }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByLabel("E-mail").fill(next);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(`A link is on its way to ${next}. Until it is confirmed, ${luis.email} stays.`).first().waitFor();
    await row(page, luis.name)
      .filter({ hasText: luis.email })
      .filter({ hasText: `Waiting for confirmation of ${next}` })
      .waitFor();
    await checkPage(page, "administrators-waiting");

    // A new name leaves the address that waits alone.
    await page.getByRole("button", { name: `Actions for ${luis.name}` }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByText(`${next} waits for its confirmation`).waitFor();
    await checkPage(page, "administrator-edit-waiting");
    await page.getByLabel("Name").fill("Luis Peña Vega");
    await page.getByRole("button", { name: "Save" }).click();
    await row(page, "Luis Peña Vega")
      .filter({ hasText: `Waiting for confirmation of ${next}` })
      .waitFor();

    await visit(browser, server.url, async ({ page: theirs, expectConsole }) => {
      expectConsole(refused);
      await theirs.goto(await server.linkMailedTo(next));
      await theirs.getByRole("heading", { name: "Confirm your new address" }).waitFor();
      assert.equal(new URL(theirs.url()).hash, "", "the token is not in the address");
      await checkPage(theirs, "confirm-email");
      await theirs.getByLabel("Your password").fill("somebody else's password");
      await theirs.getByRole("button", { name: "Confirm the address" }).click();
      await theirs.getByText("The current password is not right.").waitFor();
      await page.reload();
      await row(page, "Luis Peña Vega")
        .filter({ hasText: `Waiting for confirmation of ${next}` })
        .waitFor();

      await theirs.getByLabel("Your password").fill(luis.password);
      await theirs.getByRole("button", { name: "Confirm the address" }).click();
      await theirs.getByRole("heading", { name: "Your new address counts" }).waitFor();
      await theirs.getByText(`From now on you sign in with ${next}`).waitFor();
      await checkPage(theirs, "confirm-email-done");
      await theirs.getByRole("link", { name: "Go to the console" }).click();
      await theirs.waitForURL("**/sign-in?**");
      await signIn(theirs, { ...luis, email: next });
    });
    await page.reload();
    await row(page, "Luis Peña Vega").filter({ hasText: next }).waitFor();
    assert.equal(await page.getByText("Waiting for confirmation").count(), 0);
  });
});

test("whoever mistyped their address cancels it, and its link is worth nothing", async () => {
  const mistyped = "anna@example.com";
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    await page.goto("/admin/profile");
    await page.getByLabel("E-mail").fill(mistyped);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(`${mistyped} waits for its confirmation`).waitFor();
    await checkPage(page, "profile-waiting");
    const link = await server.linkMailedTo(mistyped);
    await page.getByRole("button", { name: "Cancel the new address" }).click();
    await page.getByText(`${ana.email} stays the address`).first().waitFor();
    await page.getByText(`${mistyped} waits for its confirmation`).waitFor({ state: "detached" });

    await page.goto(link);
    await page.getByLabel("Your password").fill(ana.password);
    await page.getByRole("button", { name: "Confirm the address" }).click();
    await page.getByRole("alert").filter({ hasText: "This link was used already, or it has expired." }).waitFor();
  });
});
