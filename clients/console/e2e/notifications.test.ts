import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertAccessible, checkPage, launchBrowser, signIn, visit } from "./harness/browser";
import { type Server, startServer } from "./harness/server";
import { type MailServer, startMailServer } from "./harness/smtp";

let browser: Browser;
let server: Server;

const beto = { email: "beto@example.com", name: "Beto Ramírez", password: "correct horse battery" };

const carla = { email: "carla@example.com", name: "Carla Ruiz", password: "correct horse battery" };

const lamp = "sku,name,brand,price,currency\nLAMP-1,Reading lamp,Lumen,49.90,USD\n";
const dearerLamp = lamp.replace("49.90", "59.90");

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.createAdmin(beto);
});

afterEach(() => server?.stop());

after(() => browser?.close());

/** Does something with a server that hands its mails to a mail server. */
async function withMailServer(work: (mailed: Server, mailServer: MailServer) => Promise<void>): Promise<void> {
  const mailServer = await startMailServer();
  try {
    const environment = { CATALOG_SMTP_URL: mailServer.url, CATALOG_MAIL_FROM: "catalog@example.com" };
    const mailed = await startServer({ environment });
    try {
      await mailed.createAdmin(beto);
      await work(mailed, mailServer);
    } finally {
      await mailed.stop();
    }
  } finally {
    await mailServer.stop();
  }
}

const delivery = (page: Page, state: string) => page.getByRole("row").filter({ hasText: beto.email }).filter({ hasText: state });

test("the others hear of a change: the mail is in the list with its changes, and in the mailbox", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await page.goto("/admin/notifications");
    await page.getByRole("heading", { name: "No mails yet" }).waitFor();
    await checkPage(page, "notifications-none");

    await server.importCsv(lamp);
    await delivery(page, "Sent").filter({ hasText: "1 change" }).waitFor();
    await server.importCsv(dearerLamp);
    await delivery(page, "Sent").nth(1).waitFor();
    await checkPage(page, "notifications");

    await page
      .getByRole("button", { name: `Mail to ${beto.email}: details` })
      .first()
      .click();
    const details = page.getByRole("dialog", { name: `Mail to ${beto.email}` });
    await details.getByText("$49.90").waitFor();
    await details.getByText("$59.90").waitFor();
    await assertAccessible(page, "a delivery");
    await page.keyboard.press("Escape");

    await page.getByLabel("State").selectOption("Failed");
    await page.getByRole("heading", { name: "No mail matches" }).waitFor();
    await checkPage(page, "notifications-no-match");
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByLabel("Recipient").selectOption({ label: `${beto.name} · ${beto.email}` });
    await delivery(page, "Sent").first().waitFor();

    await page.getByRole("tab", { name: "Mailbox" }).click();
    await page
      .getByRole("link", { name: /Reading lamp/ })
      .first()
      .click();
    await page.frameLocator("iframe[title='The mail']").getByText("59.90").first().waitFor();
    await checkPage(page, "mailbox");
  });
});

test("how often one wants mails is saved as soon as it is chosen", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page, beto);
    await page.goto("/admin/profile");
    await page.getByText("You get them as changes come.").waitFor();
    await page.getByRole("link", { name: "Choose how often" }).click();
    await page.getByRole("radio", { name: /Once a day/ }).check();
    await page.getByText("Saved. It holds for changes from now on").first().waitFor();
    await checkPage(page, "preferences");
    await page.reload();
    await page.getByRole("radio", { name: /Once a day/, checked: true }).waitFor();

    // A change now waits for midnight.
    await server.importCsv(lamp.replace("LAMP-1", "LAMP-2"));
    await page.getByRole("tab", { name: "Deliveries" }).click();
    await delivery(page, "Waiting").waitFor();
  });
});

test("a mail that the mail server refused is sent again", async () => {
  await withMailServer(async (mailed, mailServer) => {
    mailServer.refuses = true;
    await mailed.importCsv(lamp);
    await visit(browser, mailed.url, async ({ page, expectConsole }) => {
      expectConsole(/status of 4\d\d/); // there is no local mailbox
      await signIn(page);
      await page.goto("/admin/notifications");
      await delivery(page, "Failed").filter({ hasText: "no such mailbox" }).waitFor();
      await page.getByRole("tab", { name: "Mailbox" }).waitFor({ state: "detached" });
      await checkPage(page, "notifications-failed");

      mailServer.refuses = false;
      await page.getByRole("button", { name: `Try again: mail to ${beto.email}` }).click();
      await delivery(page, "Sent").waitFor();
    });
  });
});

test("mails that failed are tried again together, and what cannot be is told", async () => {
  await withMailServer(async (mailed, mailServer) => {
    await mailed.createAdmin(carla);
    await visit(browser, mailed.url, async ({ page, expectConsole }) => {
      expectConsole(/status of 4\d\d/); // there is no local mailbox
      await signIn(page);
      await page.goto("/admin/notifications");
      const failed = page.getByRole("row").filter({ hasText: "Failed" });
      const sent = page.getByRole("row").filter({ hasText: "Sent" });

      mailServer.refuses = true;
      await mailed.importCsv(lamp);
      await failed.nth(1).waitFor();
      await page.getByRole("checkbox", { name: "Select all shown that can be tried again" }).press("Space");
      const bar = page.getByRole("region", { name: "For the selected mails" });
      await bar.getByText("2 selected").waitFor();
      await page.getByRole("checkbox", { name: `Select the mail to ${carla.email}` }).press("Space");
      await bar.getByText("1 selected").waitFor();
      await checkPage(page, "notifications-selected");
      await page.getByRole("checkbox", { name: `Select the mail to ${carla.email}` }).press("Space");
      mailServer.refuses = false;
      await bar.getByRole("button", { name: "Try again" }).click();
      await page.getByText("2 mails are tried again.").first().waitFor();
      await sent.nth(1).waitFor();

      mailServer.refuses = true;
      await mailed.importCsv(dearerLamp);
      await failed.nth(1).waitFor();
      mailServer.refuses = false;
      await disable(mailed, carla.email);
      await page.getByRole("button", { name: "Try all failed again" }).click();
      const dialog = page.getByRole("dialog", { name: "Try all failed mails again?" });
      await dialog.getByLabel("Failed").selectOption("Within the last 24 hours");
      await checkPage(page, "retry-all");
      await dialog.getByRole("button", { name: "Try all failed again" }).click();
      const outcome = page.getByRole("dialog", { name: "What was tried again" });
      await outcome.getByText("1 mail is tried again.").waitFor();
      await outcome.getByText("1 mail cannot be tried again").waitFor();
      await outcome.getByText(carla.email).waitFor();
      await checkPage(page, "retry-all-outcome");
      await page.keyboard.press("Enter"); // OK has the focus
      await outcome.waitFor({ state: "detached" });
      await sent.nth(2).waitFor();
    });
  });
});

test("invitations are in the list", async () => {
  await visit(browser, server.url, async ({ page }) => {
    await signIn(page);
    await server.call("AdminService/CreateAdmin", { admin: { email: "ida@example.com", name: "Ida" } });
    await page.goto("/admin/notifications");
    await page
      .getByRole("row")
      .filter({ hasText: "ida@example.com" })
      .filter({ hasText: "Invitation" })
      .filter({ hasText: "Sent" })
      .waitFor();
    await page.getByRole("button", { name: "Mail to ida@example.com: details" }).click();
    const details = page.getByRole("dialog", { name: "Mail to ida@example.com" });
    await details.getByText("Invitation", { exact: true }).waitFor();
    await details.getByRole("heading", { name: /Changes in this mail/ }).waitFor({ state: "detached" });
    await assertAccessible(page, "an invitation's delivery");
  });
});

async function disable(server: Server, email: string): Promise<void> {
  const { admins } = await server.call("AdminService/ListAdmins", {});
  const { id } = admins.find((admin: { email: string }) => admin.email === email);
  await server.call("AdminService/UpdateAdmin", { admin: { id, disabled: true }, updateMask: "disabled" });
}
