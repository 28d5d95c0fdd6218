import { setTimeout } from "node:timers/promises";

/**
 * How long a test waits for anything before it fails, in milliseconds: enough for a machine with ten times as much to do as it can. A
 * test that passes never waits for it to pass.
 */
export const patience = 180_000;

/**
 * Waits until something holds that no locator can wait for.
 *
 * @param what - what is waited for, as it ends the sentence "waited in vain until …"
 * @param holds - looks whether it holds
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + patience; !(await holds()); await setTimeout(50)) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
  }
}
