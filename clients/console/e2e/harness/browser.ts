import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { networkOf, watchNetwork } from "./network";
import { patience } from "./patience";
import { plainHost } from "./proxy";
import { ana } from "./server";

const axeSource = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Where screenshots go: a folder that is not committed, or what CONSOLE_SCREENSHOTS names. Not set: none are taken. */
const screenshots = process.env["CONSOLE_SCREENSHOTS"];

/** Debian's Chromium. CHROMIUM names another one. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    timeout: patience,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`,
    ],
  });
}

/** A page of its own context: no cookie, cache or storage is shared with others. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Says what the browser's console may report, such as that a call was refused. Anything else that it reports fails the test. */
  readonly expectConsole: (...messages: RegExp[]) => void;
}

/**
 * Does something on a page of a server, in English on a wide screen unless told otherwise. Requests to other places are refused.
 *
 * @throws whatever the visit does, with what the browser's console reported meanwhile
 */
export async function visit(
  browser: Browser,
  url: string,
  work: (visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext({
    baseURL: url,
    locale: "en-US",
    timezoneId: "UTC",
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(patience);
  watchNetwork(context);
  await context.addInitScript(stretchTimers);
  await context.route(
    (address) => address.origin !== url && address.protocol.startsWith("http"),
    (route) => route.abort(),
  );
  const problems: string[] = [];
  const expected: RegExp[] = [/ERR_FAILED/];
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  context.on("weberror", (error) => problems.push(String(error.error())));
  const unexpected = () => problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
  try {
    await work({ page: await context.newPage(), context, expectConsole: (...messages) => void expected.push(...messages) });
  } catch (error) {
    if (error instanceof Error && unexpected().length > 0)
      error.message += `\nThe browser's console:\n${unexpected().join("\n")}`;
    throw error;
  } finally {
    await Promise.allSettled(context.pages().map((page) => networkOf(page).release()));
    await context.close();
  }
  assert.deepEqual(unexpected(), [], "the browser's console");
}

/**
 * Makes what a page takes away by itself stay, such as a message after six seconds: on a busy machine a test may come later than a
 * person would. Runs in the page, before its scripts.
 */
function stretchTimers(): void {
  const { setTimeout } = window;
  window.setTimeout = ((run: TimerHandler, ms = 0, ...args: unknown[]) =>
    setTimeout(run, ms < 5_000 ? ms : Math.max(ms, 15 * 60_000), ...args)) as typeof setTimeout;
}

/** Signs in on the sign-in page and waits for the console. */
export async function signIn(page: Page, { email, password }: { email: string; password: string } = ana): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/admin/**");
  await page.getByRole("navigation", { name: "Console" }).filter({ visible: true }).waitFor();
}

/**
 * Checks a page as it is now with axe, in light and in dark, and takes its screenshots at 390 and 1440 pixels in both if
 * CONSOLE_SCREENSHOTS names a folder.
 *
 * @param name - the screenshots' name, such as "products"
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      await settled(page);
      await assertAccessible(page, `${name}, ${colorScheme}, ${width} px`);
      await assertFits(page, `${name}, ${width} px`);
      if (screenshots === undefined) continue;
      await mkdir(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${name}-${width}-${colorScheme}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before !== null) await page.setViewportSize(before);
}

/** Waits until everything that the page asked for is there and painted, apart from what the test holds. */
export async function settled(page: Page): Promise<void> {
  const network = networkOf(page);
  // An answer may make the page ask for more once it is painted, which the browser may tell a little later.
  for (let rounds = 0, before = -1; rounds < 3; rounds = network.started === before ? rounds + 1 : 0) {
    await network.quiet();
    before = network.started;
    await page.waitForFunction(
      () => document.querySelector(".skeleton") === null && document.querySelector("[aria-busy=true]") === null,
    );
    await page.evaluate(async () => {
      await document.fonts.ready;
      // What goes on for as long as something is being waited for, such as a button that is busy, never finishes.
      const finite = document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY);
      await Promise.all(finite.map((animation) => animation.finished.catch(() => undefined)));
      for (let frames = 0; frames < 2; frames++) await new Promise((resolve) => requestAnimationFrame(resolve));
    });
  }
}

interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** Fails if axe finds anything that breaks WCAG 2.2 AA or its own best practices. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await settled(page);
  // Not addScriptTag: the page's content security policy refuses it, as it should.
  await page.evaluate(`if (!globalThis.axe) { ${await readFile(axeSource, "utf8")} }`);
  const violations: readonly AxeViolation[] = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: AxeViolation[] }> } };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    // An open menu or panel stands at the end of the page, outside its landmarks, beside its button for those who see it.
    const region = { enabled: document.querySelector("[data-radix-popper-content-wrapper]") === null };
    return (await axe.run({ runOnly: tags, rules: { region }, resultTypes: ["violations"] })).violations;
  });
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `    ${node.target.join(" ")}\n    ${node.failureSummary ?? ""}`).join("\n")}`,
  );
  assert.deepEqual(found, [], `axe on ${what}:\n${found.join("\n")}`);
}

/** Fails if the page is wider than the screen. */
export async function assertFits(page: Page, what: string): Promise<void> {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  assert.ok(content <= screen, `${what}: the page is ${content} px wide on a screen of ${screen} px`);
}
