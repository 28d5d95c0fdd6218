import { Code, ConnectError, type FieldViolation, isReason, type Product } from "@zebrands/catalog";
import { catalog } from "@/lib/catalog";
import { blame } from "@/lib/errors/blame";
import { pause } from "@/lib/pause";
import { asMessage, differences, fieldsIn, pick, type Values, valuesOf } from "@/lib/product/fields";
import { readProducts } from "./data";

/** How many products go into one call; the server takes 1,000. Fewer make the progress smooth and a clash rare. */
const batchSize = 100;

/** How often something is tried while others change the same or the server is away, and the first wait in milliseconds. */
const maxTries = 5;
const firstWait = 200;

/** How many calls run at once where there is no call for many products. */
const concurrency = 6;

export interface Progress {
  /** Asks to stop. What was sent by then is waited for: only its answer tells what became of it. */
  readonly signal: AbortSignal;
  /** So many more products are done, for better or worse. */
  readonly advance: (products: number) => void;
}

/** One product that was changed, with what it was and what it is. */
export interface Done {
  readonly before: Product;
  readonly after: Product;
}

/** A product that was refused, and is as it was. */
export interface Failure {
  readonly product: Product;
  readonly error: unknown;
  /** What is wrong with it, if the error says; paths begin at the product's request. */
  readonly violations: readonly FieldViolation[];
}

/** What became of many products. Those that were to be left as they are, or were not come to, count nowhere. */
export interface Outcome {
  readonly done: Done[];
  readonly failures: Failure[];
  /** What was sent and never answered, so that it may have been done or not. */
  readonly uncertain: Product[];
  /** What ended it: the last product, the person, or a server that cannot be reached. */
  ended: "complete" | "canceled" | "unreachable";
}

/** Says what to change about a product; undefined leaves it as it is. Called again if somebody else changed it meanwhile. */
export type Change = (product: Product) => Partial<Values> | undefined;

const nothing = (): Outcome => ({ done: [], failures: [], uncertain: [], ended: "complete" });

/** Changes many products, in batches that happen as a whole or not at all. A product that is refused does not keep others out. */
export async function changeMany(products: readonly Product[], change: Change, progress: Progress): Promise<Outcome> {
  const outcome = nothing();
  for (let start = 0; start < products.length && outcome.ended === "complete"; start += batchSize) {
    if (progress.signal.aborted) {
      outcome.ended = "canceled";
      break;
    }
    const batch = products.slice(start, start + batchSize);
    await changeBatch(batch, change, outcome);
    progress.advance(batch.length);
  }
  return outcome;
}

/** A product with what is to become of it. */
interface Task {
  readonly product: Product;
  readonly values: Partial<Values>;
}

async function changeBatch(batch: readonly Product[], change: Change, outcome: Outcome): Promise<void> {
  let rest = batch;
  /** What was sent without an answer, by the product's id. */
  const sent = new Map<string, Task>();
  for (let tries = 1; ; tries++) {
    const tasks = unanswered(rest, sent, outcome)
      .map((product) => ({ product, values: differences(product, change(product) ?? {}) }))
      .filter(({ values }) => fieldsIn(values).length > 0);
    if (tasks.length === 0) return;
    try {
      outcome.done.push(...(await send(tasks)));
      return;
    } catch (error) {
      const blamed = blame(error);
      if (blamed.size > 0) {
        for (const [i, violations] of blamed) outcome.failures.push({ product: tasks[i]?.product as Product, error, violations });
        rest = tasks.filter((_, i) => !blamed.has(i)).map(({ product }) => product);
        continue;
      }
      if (isLost(error)) for (const task of tasks) sent.set(task.product.id, task);
      if (!isPassing(error) || tries >= maxTries) return giveUp(tasks, error, outcome);
      await pause(firstWait * 2 ** (tries - 1));
      const now = await readProducts(tasks.map(({ product }) => product.id)).catch(() => undefined);
      if (now === undefined) return giveUp(tasks, error, outcome);
      const live = new Set(now.map(({ id }) => id));
      for (const { product } of tasks) if (!live.has(product.id)) outcome.failures.push({ product, error, violations: [] });
      rest = now;
    }
  }
}

/** Takes out of products those that are as they were to become when the answer to that got lost. */
function unanswered(products: readonly Product[], sent: Map<string, Task>, outcome: Outcome): Product[] {
  return products.filter((after) => {
    const task = sent.get(after.id);
    const done = task !== undefined && task.product.etag !== after.etag && fieldsIn(differences(after, task.values)).length === 0;
    if (done) outcome.done.push({ before: task.product, after });
    return !done;
  });
}

async function send(tasks: readonly Task[]): Promise<Done[]> {
  const requests = tasks.map(({ product: { id, etag }, values }) => ({
    product: { id, etag, ...asMessage(values) },
    updateMask: { paths: fieldsIn(values) },
  }));
  const { products } = await catalog.products.batchUpdateProducts({ requests });
  return products.map((after, i) => ({ before: tasks[i]?.product ?? after, after }));
}

function giveUp(tasks: readonly Task[], error: unknown, outcome: Outcome): void {
  if (isLost(error)) {
    outcome.uncertain.push(...tasks.map(({ product }) => product));
    outcome.ended = "unreachable";
  } else {
    for (const { product } of tasks) outcome.failures.push({ product, error, violations: [] });
  }
}

/** Reports whether the call may have been done, because the answer got lost. */
function isLost(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unavailable || code === Code.DeadlineExceeded;
}

/** Reports whether trying again, from what the products are then, may succeed. */
function isPassing(error: unknown): boolean {
  return isLost(error) || isReason(error, "ETAG_MISMATCH", "PRODUCT_NOT_FOUND", "CONCURRENT_CHANGE");
}

/** Deletes products one by one, some at a time. */
export function deleteMany(products: readonly Product[], progress: Progress): Promise<Outcome> {
  return oneByOne(products, true, async ({ id }) => (await catalog.products.deleteProduct({ id })).product, progress);
}

/** Restores products one by one, some at a time. */
export function restoreMany(products: readonly Product[], progress: Progress): Promise<Outcome> {
  return oneByOne(products, false, async ({ id }) => (await catalog.products.undeleteProduct({ id })).product, progress);
}

async function oneByOne(
  products: readonly Product[],
  deleted: boolean,
  call: (product: Product) => Promise<Product | undefined>,
  { signal, advance }: Progress,
): Promise<Outcome> {
  const outcome = nothing();
  const isDone = ({ deleteTime }: Product) => (deleteTime !== undefined) === deleted;
  const queue = products.values();
  const work = async () => {
    // The order of the conditions matters: a product that is taken from the queue is dealt with.
    while (outcome.ended === "complete" && !signal.aborted) {
      const { value: product, done } = queue.next();
      if (done) return;
      if (!isDone(product)) await one(product, isDone, call, outcome);
      advance(1);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  if (outcome.ended === "complete" && !queue.next().done) outcome.ended = "canceled";
  return outcome;
}

async function one(
  before: Product,
  isDone: (product: Product) => boolean,
  call: (product: Product) => Promise<Product | undefined>,
  outcome: Outcome,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const after = await call(before);
      if (after !== undefined) outcome.done.push({ before, after });
      return;
    } catch (error) {
      if (!isLost(error) && !isReason(error, "CONCURRENT_CHANGE")) {
        outcome.failures.push({ product: before, error, violations: [] });
        return;
      }
      await pause(firstWait * 2 ** (tries - 1));
      const after = await catalog.products.get({ id: before.id }).catch(() => undefined);
      if (after !== undefined && isDone(after)) {
        outcome.done.push({ before, after });
        return;
      }
      if (after === undefined || tries >= maxTries) {
        outcome.uncertain.push(before);
        outcome.ended = "unreachable";
        return;
      }
    }
  }
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
