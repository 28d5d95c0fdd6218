import type { BrowserContext, Page, Request, Route } from "playwright-core";
import { until } from "./patience";

/** What a page asks for. */
class Network {
  readonly #underWay = new Set<Request>();
  readonly #held = new Map<Request, Route>();
  /** How many requests were made. */
  started = 0;

  constructor(page: Page) {
    page.on("request", (request) => {
      if (!request.url().startsWith("http")) return; // what is in the page already, such as a download that it made
      this.started++;
      this.#underWay.add(request);
    });
    const over = (request: Request) => {
      this.#underWay.delete(request);
      this.#held.delete(request);
    };
    page.on("requestfinished", over);
    page.on("requestfailed", over);
  }

  get held(): number {
    return this.#held.size;
  }

  get #awaited(): string[] {
    return [...this.#underWay].filter((request) => !this.#held.has(request)).map((request) => request.url());
  }

  hold(route: Route): void {
    this.#held.set(route.request(), route);
  }

  async release(): Promise<void> {
    const routes = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(routes.map((route) => route.continue()));
  }

  /** Waits until every request is answered, apart from those that the test holds. */
  async quiet(): Promise<void> {
    await until("the page's requests were answered", () => this.#awaited.length === 0).catch((error: Error) => {
      error.message += `:\n${this.#awaited.join("\n")}`;
      throw error;
    });
  }
}

const networks = new WeakMap<Page, Network>();

/** Notes what every page of a context asks for. Call it before the first page is opened. */
export function watchNetwork(context: BrowserContext): void {
  context.on("page", (page) => void networks.set(page, new Network(page)));
}

/** What a page of a visit asks for. */
export function networkOf(page: Page): Network {
  const network = networks.get(page);
  if (network === undefined) throw new Error("the page is not one of a visit");
  return network;
}

/** Calls that do not get to the server. */
export interface HeldCalls {
  /** How many calls the page made, with those that are held. */
  readonly made: number;
  /** How many are held. */
  readonly held: number;
  /** Lets those that are held and all further ones go on. */
  release(): Promise<void>;
}

/**
 * Holds a page's calls of a method until they are released, or the visit ends.
 *
 * @param method - such as "ProductService/DeleteProduct"
 * @param passing - how many of the first calls get through
 */
export async function holdCalls(page: Page, method: string, passing: number): Promise<HeldCalls> {
  const network = networkOf(page);
  let made = 0;
  let open = false;
  const path = `/catalog.v1.${method}`; // by GET a query follows
  await page.route(
    ({ pathname }) => pathname === path,
    async (route) => {
      made++;
      if (open || made <= passing) await route.continue();
      else network.hold(route);
    },
  );
  return {
    get made() {
      return made;
    },
    get held() {
      return network.held;
    },
    release: async () => {
      open = true;
      await network.release();
    },
  };
}
