import { fieldViolations, isReason, type Product } from "@zebrands/catalog";
import { catalog } from "@/lib/catalog";
import { asMessage, readProducts } from "./data";
import { differences, fieldsIn, pick, type Values, valuesOf } from "./fields";

/** How many products go into one call; the server takes 1,000. Fewer make the progress smooth and a clash rare. */
const batchSize = 250;

/** How often a batch is tried when somebody else changes its products at the same time. */
const maxTries = 5;

/** How many calls run at once where there is no call for many products. */
const concurrency = 6;

export interface Progress {
  readonly signal: AbortSignal;
  /** So many more products are done, for better or worse. */
  readonly advance: (products: number) => void;
}

/** One product that was changed, with what it was and what it is. */
export interface Done {
  readonly before: Product;
  readonly after: Product;
}

export interface Failure {
  readonly product: Product;
  readonly error: unknown;
}

/** What became of many products. Those that were to be left as they are count in neither. */
export interface Outcome {
  readonly done: Done[];
  readonly failures: Failure[];
  /** Whether it was stopped by the person before the end. */
  canceled: boolean;
}

/** Says what to change about a product; undefined leaves it as it is. Called again if somebody else changed it meanwhile. */
export type Change = (product: Product) => Partial<Values> | undefined;

/** Changes many products, in batches that happen as a whole or not at all. A product that is refused does not keep others out. */
export async function changeMany(products: readonly Product[], change: Change, progress: Progress): Promise<Outcome> {
  const outcome: Outcome = { done: [], failures: [], canceled: false };
  for (let start = 0; start < products.length; start += batchSize) {
    if (progress.signal.aborted) break;
    const batch = products.slice(start, start + batchSize);
    await changeBatch(batch, change, progress, outcome);
    progress.advance(batch.length);
  }
  outcome.canceled = progress.signal.aborted;
  return outcome;
}

async function changeBatch(batch: readonly Product[], change: Change, progress: Progress, outcome: Outcome): Promise<void> {
  let rest = batch;
  for (let tries = 1; rest.length > 0; tries++) {
    const tasks = rest.map((product) => ({ product, values: differences(product, change(product) ?? {}) }));
    const pending = tasks.filter(({ values }) => fieldsIn(values).length > 0);
    if (pending.length === 0) return;
    try {
      const requests = pending.map(({ product: { id, etag }, values }) => ({
        product: { id, etag, ...asMessage(values) },
        updateMask: { paths: fieldsIn(values) },
      }));
      const { products } = await catalog.products.batchUpdateProducts({ requests }, { signal: progress.signal });
      for (const [i, after] of products.entries()) {
        const before = pending[i]?.product;
        if (before !== undefined) outcome.done.push({ before, after });
      }
      return;
    } catch (error) {
      if (progress.signal.aborted) return;
      const blamed = blamedRequests(error);
      if (blamed.size > 0) {
        for (const i of blamed) {
          const product = pending[i]?.product;
          if (product !== undefined) outcome.failures.push({ product, error });
        }
        rest = pending.filter((_, i) => !blamed.has(i)).map(({ product }) => product);
      } else if (isReason(error, "ETAG_MISMATCH", "PRODUCT_NOT_FOUND", "CONCURRENT_CHANGE") && tries < maxTries) {
        const now = await readProducts(
          pending.map(({ product }) => product.id),
          progress.signal,
        );
        const live = new Set(now.map(({ id }) => id));
        for (const { product } of pending) if (!live.has(product.id)) outcome.failures.push({ product, error });
        rest = now;
      } else {
        for (const { product } of pending) outcome.failures.push({ product, error });
        return;
      }
    }
  }
}

/** Returns the positions of the requests that an error of a batch blames, from paths such as "requests[3].product.sku". */
function blamedRequests(error: unknown): Set<number> {
  const positions = fieldViolations(error).map(({ field }) => /^requests\[(\d+)\]/.exec(field)?.[1]);
  return new Set(positions.filter((position) => position !== undefined).map(Number));
}

/** Deletes products one by one, some at a time. */
export function deleteMany(products: readonly Product[], progress: Progress): Promise<Outcome> {
  const live = products.filter(({ deleteTime }) => deleteTime === undefined);
  return oneByOne(live, async ({ id }, signal) => (await catalog.products.deleteProduct({ id }, { signal })).product, progress);
}

/** Restores products one by one, some at a time. */
export function restoreMany(products: readonly Product[], progress: Progress): Promise<Outcome> {
  const deleted = products.filter(({ deleteTime }) => deleteTime !== undefined);
  return oneByOne(
    deleted,
    async ({ id }, signal) => (await catalog.products.undeleteProduct({ id }, { signal })).product,
    progress,
  );
}

async function oneByOne(
  products: readonly Product[],
  call: (product: Product, signal: AbortSignal) => Promise<Product | undefined>,
  { signal, advance }: Progress,
): Promise<Outcome> {
  const outcome: Outcome = { done: [], failures: [], canceled: false };
  const queue = products.values();
  const work = async () => {
    for (const product of queue) {
      if (signal.aborted) return;
      try {
        const after = await call(product, signal);
        if (after !== undefined) outcome.done.push({ before: product, after });
      } catch (error) {
        if (signal.aborted) return;
        outcome.failures.push({ product, error });
      }
      advance(1);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  outcome.canceled = signal.aborted;
  return outcome;
}

/** Takes back what {@link changeMany} did, where nobody changed the same fields since. */
export function revertMany(done: readonly Done[], progress: Progress): Promise<Outcome> {
  const byId = new Map(done.map((entry) => [entry.after.id, entry]));
  return changeMany(
    done.map(({ after }) => after),
    (product) => {
      const entry = byId.get(product.id);
      if (entry === undefined) return undefined;
      const mine = fieldsIn(differences(entry.before, valuesOf(entry.after)));
      const touched = fieldsIn(differences(product, pick(valuesOf(entry.after), mine)));
      return pick(
        valuesOf(entry.before),
        mine.filter((field) => !touched.includes(field)),
      );
    },
    progress,
  );
}
