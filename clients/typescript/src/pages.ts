/** What a list method answers, whatever it lists. */
export interface Page {
  /** The token for the next page; empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Everything that a list method finds, fetched page by page while you read it. Each loop starts from the beginning.
 *
 * @example
 * ```ts
 * for await (const product of catalog.products.list({ filter: 'brand = "Sony"' })) {
 *   console.log(product.name);
 * }
 * ```
 */
export class Pages<Item, Response extends Page> implements AsyncIterable<Item> {
  readonly #fetch: (pageToken: string) => Promise<Response>;
  readonly #items: (response: Response) => readonly Item[];

  /** @internal */
  constructor(fetch: (pageToken: string) => Promise<Response>, items: (response: Response) => readonly Item[]) {
    this.#fetch = fetch;
    this.#items = items;
  }

  /** Yields one item after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* this.#items(page);
  }

  /** Yields whole answers, each with its items and the token of the next one. */
  async *pages(): AsyncGenerator<Response, void, undefined> {
    let pageToken = "";
    do {
      const page = await this.#fetch(pageToken);
      yield page;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** Returns the items as an array, at most `limit` of them. */
  async toArray(limit = Number.POSITIVE_INFINITY): Promise<Item[]> {
    const items: Item[] = [];
    if (limit <= 0) return items;
    for await (const item of this) {
      items.push(item);
      if (items.length >= limit) break;
    }
    return items;
  }
}
