import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser } from "playwright-core";
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

test("a new name is everywhere at once", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/profile");
    await page.getByRole("listitem").filter({ hasText: "This one" }).waitFor();
    await checkPage(page, "profile");
    await page.getByLabel("Name").fill("Ana Torres Vega");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Your account" }).filter({ hasText: "Ana Torres Vega", visible: true }).waitFor();
  });
});

test("a new password ends every other session, and this one goes on", async () => {
  await visit(browser, server.url, async ({ page: elsewhere, expectConsole: expectElsewhere }) => {
    expectElsewhere(refused);
    await signIn(elsewhere);
    await visit(browser, server.url, async ({ page, expectConsole }) => {
      expectConsole(refused);
      await signIn(page);
      await page.goto("/admin/profile");
      await page
        .getByRole("button", { name: /^Sign out Chrome/ })
        .first()
        .waitFor();
      await page.getByLabel("Current password").fill("not my password");
      await page.getByLabel("New password").fill("tomorrow's password");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByText("The current password is not right.").waitFor();
      await page.getByLabel("Current password").fill(ana.password);
      await page.getByRole("button", { name: "Change password" }).click();
      await page
        .getByRole("button", { name: /^Sign out Chrome/ })
        .first()
        .waitFor({ state: "detached" });
      await page.getByRole("listitem").filter({ hasText: "This one" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Your profile" }).waitFor();
    });
    await elsewhere.getByRole("link", { name: "Reports" }).click();
    await elsewhere.waitForURL("**/sign-in?**");
    await elsewhere.getByText("or changed your password or account").waitFor();
    await signIn(elsewhere, { ...ana, password: "tomorrow's password" });
  });
});
