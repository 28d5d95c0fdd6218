import type { Locator } from "playwright-core";

/**
 * Uses a page and counts the seconds that it would take somebody: by the keystroke-level model of Card, Moran and Newell, which says how
 * long people take to think of what to do, to move the hand to the mouse and to the keys, to point, and to press a key as they who do
 * not type for a living. How fast the machine is does not count.
 */
export class Person {
  static readonly #think = 1.35;
  static readonly #hand = 0.4;
  static readonly #point = 1.1;
  static readonly #click = 0.2;
  static readonly #key = 0.28;

  seconds = 0;

  async clicks(target: Locator): Promise<void> {
    this.seconds += Person.#think + Person.#hand + Person.#point + Person.#click;
    await target.click();
  }

  async types(target: Locator, text: string): Promise<void> {
    await this.clicks(target);
    this.seconds += Person.#hand + text.length * Person.#key;
    await target.fill(text);
  }
}
