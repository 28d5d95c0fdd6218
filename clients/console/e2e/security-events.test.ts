import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { checkPage, launchBrowser, settled, signIn, visit } from "./harness/browser";
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

/** Returns what the page tells, the newest first. */
async function sentences(page: Page): Promise<string[]> {
  await settled(page);
  return page.locator("tbody tr td:first-child p:first-child").allTextContents();
}

test("what concerns accounts is told in sentences, filtered, and saved as a file without formulas", async () => {
  await visit(browser, server.url, async ({ page, expectConsole }) => {
    expectConsole(refused);
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(ana.email);
    await page.getByLabel("Password", { exact: true }).fill("not my password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await signIn(page);
    await page.goto("/admin/administrators");
    await page.getByRole("button", { name: "Invite" }).first().click();
    await page.getByLabel("E-mail").fill("eva@example.com");
    await page.getByLabel("Name").fill("=1+1 Eva");
    await page.getByRole("button", { name: "Send invitation" }).click();
    await page.getByRole("row").filter({ hasText: "=1+1 Eva" }).waitFor();

    await page.getByRole("link", { name: "Security events" }).click();
    const invited = "Ana Torres invited =1+1 Eva";
    const created = "Ana Torres created the account of =1+1 Eva";
    const failed = "A sign-in as Ana Torres failed";
    await page.getByText(invited).waitFor();
    assert.deepEqual((await sentences(page)).slice(0, 4), [invited, created, "Ana Torres signed in", failed]);
    await page.getByText("Chrome on Linux").filter({ visible: true }).first().waitFor();
    await checkPage(page, "security-events");

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download CSV" }).click();
    const csv = await readFile(await (await download).path(), "utf8");
    assert.match(csv, /^\uFEFFtime,type,event,actor,/);
    assert.match(csv, /,invited,Ana Torres invited =1\+1 Eva,Ana Torres,[0-9a-f-]{36},"?'=1\+1 Eva"?,/);
    assert.match(csv, /,sign_in_failed,/);

    await page.getByLabel("Kind of event").selectOption("Failed attempts");
    await page.getByText(invited).waitFor({ state: "detached" });
    assert.deepEqual(await sentences(page), [failed]);
    assert.equal(new URL(page.url()).search, "?type=failures");
    await page.getByLabel("Person").selectOption({ label: "=1+1 Eva · eva@example.com" });
    await page.getByRole("heading", { name: "No event matches" }).waitFor();
    await checkPage(page, "security-events-none");
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByText(invited).waitFor();

    await page.getByLabel("Person").selectOption({ label: "=1+1 Eva · eva@example.com" });
    await page.getByText(failed).waitFor({ state: "detached" });
    assert.deepEqual(await sentences(page), [invited, created]);
    await page.getByLabel("Time", { exact: true }).selectOption("Chosen days");
    await page.getByLabel("From", { exact: true }).fill("2001-01-01");
    await page.getByLabel("To", { exact: true }).fill("2001-01-31");
    await page.getByRole("heading", { name: "No event matches" }).waitFor();
    await checkPage(page, "security-events-days");
    await page.getByLabel("Time", { exact: true }).selectOption("The last 24 hours");
    await page.getByText(invited).waitFor();
    await page.reload();
    await page.getByText(invited).waitFor();
    assert.deepEqual(await sentences(page), [invited, created]);
  });
});

test("older events come page by page, and the file has them all", async () => {
  // Every call of the server signs in.
  for (let i = 0; i < 60; i++) await server.call("AuthService/GetCurrentAdmin", {});
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/security-events");
    await page.getByText("Ana Torres signed in").first().waitFor();
    assert.equal((await sentences(page)).length, 50);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download CSV" }).click();
    const csv = await readFile(await (await download).path(), "utf8");
    assert.equal(csv.match(/,sign_in,/g)?.length, 61);
    await page.getByRole("button", { name: "Show older" }).click();
    await page.getByRole("button", { name: "Show older" }).waitFor({ state: "detached" });
    assert.equal((await sentences(page)).filter((text) => text === "Ana Torres signed in").length, 61);
  });
});
