import { Code, ConnectError, errorMetadata, isReason, type Product, reasonOf } from "@zebrands/catalog";
import { catalog } from "@/lib/catalog";
import { blame } from "@/lib/errors/blame";
import { pause } from "@/lib/pause";
import { asMessage, type FieldName } from "@/lib/product/fields";
import { changedFields, wantedValues } from "./changes";
import type { ParsedFile, Problem, Row } from "./model";

/** How many rows are compared and sent together. */
const chunkRows = 250;

/** How often a chunk is tried while the server is away or others change the same products, and the first wait in milliseconds. */
const maxTries = 8;
const firstWait = 250;

/** What becomes of a row, or would. */
export type RowState =
  | { readonly is: "created" | "unchanged" | "failed" }
  | { readonly is: "updated"; readonly fields: readonly FieldName[] };

export interface Result {
  /** What became of the rows that were dealt with, by line. */
  readonly states: Map<number, RowState>;
  /** What the server refused, beside the problems of the file. */
  readonly problems: Problem[];
  /** Whether the person stopped it. */
  canceled: boolean;
  /** What ended it before its time: the server cannot be reached, for example. It is safe to start again. */
  error?: unknown;
}

export interface Options {
  /** Only find out what there is to do. */
  readonly dryRun: boolean;
  /** Asks to stop. What was sent by then is waited for: only its answer tells what became of the rows. */
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
}

/** A row on its way into the catalog. */
interface Task {
  readonly row: Row;
  now: Product | undefined;
  fields: readonly FieldName[];
  /** What was last tried with the row: if the answer got lost, it may have been done. */
  tried?: RowState;
}

/**
 * Brings the rows of a file into the catalog: a row whose SKU a product has updates it, others create one, and rows that change
 * nothing send nothing. Rows that are refused do not keep others out. Repeating it does what is left to do.
 */
export async function bringIn(file: ParsedFile, options: Options): Promise<Result> {
  const result: Result = { states: new Map(), problems: [], canceled: false };
  try {
    for (let start = 0; start < file.rows.length; start += chunkRows) {
      options.signal.throwIfAborted();
      await chunk(file, file.rows.slice(start, start + chunkRows), options, result);
    }
  } catch (error) {
    result.canceled = options.signal.aborted;
    if (!result.canceled) result.error = error;
  }
  return result;
}

/** Whatever fails in passing starts again from what the catalog holds then, so that nothing is done twice. */
async function chunk(file: ParsedFile, rows: readonly Row[], options: Options, result: Result): Promise<void> {
  const tasks: Task[] = rows.map((row) => ({ row, now: undefined, fields: [] }));
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(
        file,
        tasks.filter(({ row }) => !result.states.has(row.line)),
        options,
        result,
      );
    } catch (error) {
      if (options.signal.aborted || tries >= maxTries || !isPassing(error)) throw error;
      await pause(firstWait * 2 ** (tries - 1), options.signal);
    }
  }
}

async function attempt(file: ParsedFile, tasks: readonly Task[], options: Options, result: Result): Promise<void> {
  await lookUp(tasks, options.signal);
  const creates: Task[] = [];
  const updates: Task[] = [];
  for (const task of tasks) {
    task.fields = task.now === undefined ? [] : changedFields(file, task.row, task.now);
    if (task.now === undefined) creates.push(task);
    else if (task.fields.length > 0) updates.push(task);
    else finish([task], task.tried ?? { is: "unchanged" }, options, result);
  }
  await send(
    creates,
    (batch) => create(file, batch),
    (_) => ({ is: "created" }),
    file,
    options,
    result,
  );
  await send(
    updates,
    (batch) => update(file, batch),
    ({ fields }) => ({ is: "updated", fields }),
    file,
    options,
    result,
  );
}

/** Finds the products that have the SKUs of tasks. */
async function lookUp(tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  const bySku = new Map(tasks.map((task) => [task.row.product.sku, task]));
  for (const task of tasks) task.now = undefined;
  let skus = [...bySku.keys()];
  while (skus.length > 0) {
    try {
      const { products } = await catalog.products.batchGetProducts({ skus }, { signal });
      for (const product of products) {
        const task = bySku.get(product.sku);
        if (task !== undefined) task.now = product;
      }
      return;
    } catch (error) {
      const missing = isReason(error, "PRODUCT_NOT_FOUND")
        ? new Set<string>(JSON.parse(errorMetadata(error)["missing_skus"] ?? "[]"))
        : undefined;
      if (missing === undefined || missing.size === 0) throw error;
      skus = skus.filter((sku) => !missing.has(sku));
    }
  }
}

type StateOf = (task: Task) => RowState;

/** Makes one call for tasks. If the server blames rows, those fail and the others are sent again. */
async function send(
  tasks: readonly Task[],
  call: (batch: readonly Task[]) => Promise<unknown>,
  stateOf: StateOf,
  file: ParsedFile,
  options: Options,
  result: Result,
): Promise<void> {
  if (tasks.length === 0) return;
  options.signal.throwIfAborted();
  for (const task of tasks) task.tried = stateOf(task);
  try {
    if (!options.dryRun) await call(tasks);
    for (const task of tasks) finish([task], stateOf(task), options, result);
  } catch (error) {
    if (!blamesRows(error)) throw error;
    for (const [request, violations] of blame(error)) {
      const task = tasks[request];
      if (task === undefined) continue;
      for (const violation of violations) fail(task, columnOf(file, violation.field), { violation }, options, result);
    }
    const rest = tasks.filter(({ row }) => !result.states.has(row.line));
    if (rest.length < tasks.length) return send(rest, call, stateOf, file, options, result);
    const [only] = tasks;
    if (tasks.length === 1 && only !== undefined) return fail(only, "", { error }, options, result);
    // No row is to blame by name: halves of halves find it.
    const half = tasks.length >> 1;
    await send(tasks.slice(0, half), call, stateOf, file, options, result);
    await send(tasks.slice(half), call, stateOf, file, options, result);
  }
}

function finish(tasks: readonly Task[], state: RowState, { onProgress }: Options, result: Result): void {
  for (const { row } of tasks) result.states.set(row.line, state);
  onProgress(tasks.length);
}

function fail(task: Task, column: string, reason: Problem["reason"], options: Options, result: Result): void {
  result.problems.push({ line: task.row.line, column, reason });
  if (!result.states.has(task.row.line)) finish([task], { is: "failed" }, options, result);
}

function create(file: ParsedFile, batch: readonly Task[]) {
  const requests = batch.map(({ row }) => ({ product: asMessage(wantedValues(file, row, {})) }));
  return catalog.products.batchCreateProducts({ requests });
}

function update(file: ParsedFile, batch: readonly Task[]) {
  const requests = batch.map(({ row, now, fields }) => ({
    product: { ...asMessage(wantedValues(file, row, now?.attributes ?? {})), id: now?.id ?? "" },
    updateMask: { paths: [...fields] },
  }));
  return catalog.products.batchUpdateProducts({ requests });
}

/** Reports whether an error blames what was sent, not the way to the server. */
function blamesRows(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  const rows = code === Code.InvalidArgument || code === Code.FailedPrecondition || code === Code.OutOfRange;
  return rows || reasonOf(error) === "REQUEST_TOO_LARGE";
}

/** Reports whether trying again, from what the catalog holds then, may succeed. */
function isPassing(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return [Code.Unavailable, Code.Aborted, Code.AlreadyExists, Code.NotFound, Code.DeadlineExceeded].includes(code);
}

/** Returns the file's name for a field of a request, such as "product.price.amount" or `product.attributes["colour"]`. */
export function columnOf({ columns }: ParsedFile, path: string): string {
  const field = path.replace(/^product\.?/, "");
  const attribute = /^attributes\["(.*)"\]$/.exec(field)?.[1];
  if (attribute !== undefined) return attribute;
  const [root = "", part] = field.replace(/\[.*$/, "").split(".");
  const name = part === "currency_code" ? "currency" : root;
  return (columns as Readonly<Record<string, string | undefined>>)[name] ?? name;
}
