import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser } from "playwright-core";
import { checkPage, launchBrowser, signIn, visit } from "./harness/browser";
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

test("whoever wants to a page of the console signs in and gets there", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await page.goto("/admin/reports?from=2026-01-01");
    await page.waitForURL("**/sign-in?**");
    await checkPage(page, "sign-in");

    await page.getByLabel("E-mail").fill(ana.email);
    await page.getByLabel("Password", { exact: true }).fill("wrong password!");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "E-mail address or password is not right." }).waitFor();
    await checkPage(page, "sign-in-failed");

    await page.getByLabel("Password", { exact: true }).fill(ana.password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/admin/reports**");
  });
});

test("no script holds a refresh token, and a reload keeps the session", async () => {
  await visit(browser, server.url, async ({ page, context }) => {
    const answer = page.waitForResponse("**/catalog.v1.AuthService/SignIn");
    await signIn(page);
    assert.equal((await (await answer).json()).refreshToken, "");
    const cookies = await context.cookies(`${server.url}/catalog.v1.AuthService/`);
    assert.deepEqual(
      cookies.map(({ name, httpOnly, sameSite, path }) => ({ name, httpOnly, sameSite, path })),
      [{ name: "catalog_refresh", httpOnly: true, sameSite: "Strict", path: "/catalog.v1.AuthService/" }],
    );
    assert.equal(
      await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]).includes("eyJ")),
      false,
    );

    await page.reload();
    await page.getByRole("button", { name: "Your account" }).filter({ hasText: ana.name }).waitFor();
  });
});

test("a tab that is opened to sign in, or with the setup link, goes on to the console if there is a session", async () => {
  await visit(browser, server.url, async ({ page, context, expectConsole }) => {
    expectConsole(refused);
    const refreshes: string[] = [];
    context.on("request", (request) => {
      if (request.url().endsWith("/RefreshSession")) refreshes.push(request.url());
    });
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").waitFor();
    assert.deepEqual(refreshes, [], "who has no session is not asked for one");
    await signIn(page);

    const other = await context.newPage();
    await other.goto("/sign-in?to=%2Fadmin%2Freports%3Fperiod%3D7d");
    await other.waitForURL("**/admin/reports?period=7d");
    await other.getByRole("heading", { name: "Reports" }).waitFor();
    await other.goto("/sign-in?to=https%3A%2F%2Fevil.example%2Fadmin");
    await other.waitForURL("**/admin/products");
    await other.goto("/setup#token=whatever");
    await other.waitForURL("**/admin/products");

    // A session that is over elsewhere is not missed: the form is there.
    await context.clearCookies();
    await other.goto("/sign-in");
    await other.getByLabel("E-mail").waitFor();
  });
});

test("tabs share a session, and signing out in one signs out all", async () => {
  await visit(browser, server.url, async ({ page, context, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);

    // Two more tabs take up the session at the same moment: a refresh token that is used twice would end it.
    const others = await Promise.all([context.newPage(), context.newPage()]);
    await Promise.all(others.map((other) => other.goto("/admin/administrators")));
    await Promise.all(
      others.map((other) => other.getByRole("button", { name: "Your account" }).filter({ hasText: ana.name }).waitFor()),
    );

    await page.getByRole("button", { name: "Your account" }).first().click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await Promise.all([page, ...others].map((tab) => tab.waitForURL("**/sign-in?**")));
    await Promise.all(others.map((tab) => tab.getByText("You signed out in another tab.").waitFor()));
    assert.equal(await page.getByRole("status").count(), 0, "whoever signed out knows why");
    await page.goto("/admin");
    await page.waitForURL("**/sign-in?**");

    // And signing in in one lets the others go on where they were.
    await page.getByLabel("E-mail").fill(ana.email);
    await page.getByLabel("Password", { exact: true }).fill(ana.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await Promise.all(others.map((other) => other.waitForURL("**/admin/administrators")));
  });
});

test("the sign-in page says that a session has expired, and nothing to who was never signed in", async () => {
  await visit(browser, server.url, async ({ page, context, expectConsole }) => {
    expectConsole(refused);
    await page.goto("/admin/reports");
    await page.getByLabel("E-mail").waitFor();
    assert.equal(await page.getByRole("status").count(), 0);
    await signIn(page);
    await context.clearCookies();
    await page.goto("/admin/reports");
    await page.waitForURL("**/sign-in?**");
    await page.getByText("Your session has expired, or it was ended while you were away.").waitFor();
    await checkPage(page, "sign-in-expired");
    await page.reload();
    await page.getByLabel("E-mail").waitFor();
    assert.equal(await page.getByRole("status").count(), 0, "it is said once");
  });
});

test("a copy of an old session ends it, and the sign-in page says so", async () => {
  await visit(browser, server.url, async ({ page, context, expectConsole }) => {
    expectConsole(refused);
    await signIn(page);
    const copied = await context.cookies(`${server.url}/catalog.v1.AuthService/`);
    // The token is replaced, and its successor is used: later use of the first one is no lost answer.
    for (let i = 0; i < 2; i++) {
      await page.reload();
      await page.getByRole("button", { name: "Your account" }).filter({ hasText: ana.name }).waitFor();
    }
    await context.addCookies(copied);
    await page.reload();
    await page.waitForURL("**/sign-in?**");
    await page.getByText("An old copy of your session was used again").waitFor();
    await checkPage(page, "sign-in-reused");
  });
});

test("who was invited and asks for a new password gets the invitation again", async () => {
  await server.call("AdminService/CreateAdmin", { admin: { email: "eva@example.com", name: "Eva Luna" } });
  const first = await server.linkMailedTo("eva@example.com");
  await visit(browser, server.url, async ({ page }) => {
    await page.goto("/forgot-password");
    await page.getByLabel("E-mail").fill("eva@example.com");
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();
    let link = first;
    await until("the invitation came again", async () => {
      link = await server.linkMailedTo("eva@example.com");
      return link !== first;
    });
    await page.goto(link);
    await page.getByRole("heading", { name: "Accept the invitation" }).waitFor();
    await page.getByLabel("Password", { exact: true }).fill("the password of Eva");
    await page.getByRole("button", { name: "Accept" }).click();
    await page.waitForURL("**/admin/products");
  });
});

test("a forgotten password is replaced by a mail's link", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    const bea = { email: "bea@example.com", name: "Bea Ríos", password: "yesterday's password" };
    await server.createAdmin(bea);
    await page.goto("/sign-in");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
    await checkPage(page, "forgot-password");
    await page.getByLabel("E-mail").fill(bea.email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();
    await checkPage(page, "forgot-password-sent");

    const link = await server.linkMailedTo(bea.email);
    await page.goto(link);
    await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
    await checkPage(page, "reset-password");
    await page.getByLabel("New password").fill("tomorrow's password");
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.waitForURL("**/admin/products");

    await page.goto(link);
    await page.getByLabel("New password").fill("another password");
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.getByRole("alert").filter({ hasText: "This link was used already, or it has expired." }).waitFor();
  });
});
