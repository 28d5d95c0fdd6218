import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { isReason, normalizeConnectionLoss, reasonOf, retryDelay } from "./errors.js";
import type { ProductChange, WatchProductChangesResponse } from "./gen/catalog/v1/product_pb.js";
import { backOff, isTemporary, type RetryClock, type RetryOptions, realClock } from "./retry.js";
import { abortable } from "./signals.js";

/** What to watch, and from where. */
export interface WatchQuery {
  /** Where to continue: {@link Watch.cursor} of an earlier watch, or `nextCursor` of ListProductChanges. Default: from now on. */
  readonly cursor?: string;
  /** Only some changes, in the language of ListProductChanges. */
  readonly filter?: string;
  /** Ends the watch: waiting for the next change throws then. Leaving the loop ends it too. */
  readonly signal?: AbortSignal;
  /**
   * For how long the server may send nothing before the connection counts as lost, in milliseconds. It sends a heartbeat at
   * least every 15 seconds. Default: 40,000.
   */
  readonly silenceMs?: number;
}

/** Opens one stream. */
type Open = (
  request: { cursor: string; filter: string },
  options: CallOptions & { signal: AbortSignal },
) => AsyncIterable<WatchProductChangesResponse>;

/** Codes of the catalog that another stream would get again. */
const refusals = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
  Code.Unauthenticated,
]);

/** Codes that stand for what a proxy said, such as 403, and not for a torn stream. */
const outsiders = new Set([Code.PermissionDenied, Code.Unauthenticated, Code.Unimplemented]);

/**
 * The changes of products, in the order in which they commit, and each later one as soon as it commits. When the connection is
 * lost, the server restarts, or the access token expires, it connects again after a pause with jitter and continues after the
 * last change that it received. It throws what will not get better: CURSOR_INVALID, SESSION_ENDED,
 * API_KEY_INVALID, a bad filter, no permission.
 *
 * @example
 * ```ts
 * const watch = catalog.products.watch({ cursor: await load() });
 * for await (const change of watch) {
 *   await handle(change);
 *   await save(watch.cursor);
 * }
 * ```
 */
export class Watch implements AsyncIterable<ProductChange> {
  readonly #open: Open;
  readonly #filter: string;
  readonly #signal: AbortSignal;
  readonly #silenceMs: number;
  readonly #retry: RetryOptions;
  readonly #clock: RetryClock;
  #cursor: string;
  /** Where another loop begins: the position after what was handled for sure, because more was asked for. */
  #handled: string;

  /** @internal */
  constructor(
    open: Open,
    { cursor = "", filter = "", signal = new AbortController().signal, silenceMs = 40_000 }: WatchQuery,
    retry: RetryOptions,
    clock: RetryClock = realClock,
  ) {
    this.#open = open;
    this.#cursor = cursor;
    this.#handled = cursor;
    this.#filter = filter;
    this.#signal = signal;
    this.#silenceMs = silenceMs;
    this.#retry = retry;
    this.#clock = clock;
  }

  /**
   * Where to continue so that no change is missed. The server sends one cursor for some changes: while you handle the last of
   * them it is the position after it, and before that the position before the first of them. Stored after each change was
   * handled, it gives every change at least once: after a crash, some of the last ones again. {@link Watch.batches} gives them once.
   */
  get cursor(): string {
    return this.#cursor;
  }

  /** Yields one change after the other. A second loop begins with the last changes of the first, which may not have been handled. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ProductChange, void, undefined> {
    for await (const { changes, cursor } of this.#responses()) {
      const last = changes.pop();
      yield* changes;
      this.#cursor = cursor;
      if (last !== undefined) yield last;
    }
  }

  /**
   * Yields some changes with the cursor after them. Whoever stores both in one transaction handles each change exactly once.
   * There may be no changes: then only the cursor is a new one, for example the first one of a watch from now on.
   */
  async *batches(): AsyncGenerator<WatchProductChangesResponse, void, undefined> {
    for await (const response of this.#responses()) {
      const isNews = response.changes.length > 0 || response.cursor !== this.#cursor;
      this.#cursor = response.cursor;
      if (isNews) yield response;
    }
  }

  /** Yields the responses of one stream after the other, heartbeats too. */
  async *#responses(): AsyncGenerator<WatchProductChangesResponse, void, undefined> {
    let cursor = this.#handled;
    let failures = 0; // in a row
    let reached = false;
    for (let previous: unknown; ; failures++) {
      const stream = new Stream(this.#open, { cursor, filter: this.#filter }, this.#signal, this.#silenceMs);
      let error: unknown;
      try {
        for (let response = await stream.next(); response !== undefined; response = await stream.next()) {
          [failures, previous, cursor] = [0, undefined, response.cursor];
          yield response;
          this.#handled = cursor;
        }
      } catch (thrown) {
        error = normalizeConnectionLoss(thrown, this.#signal);
      } finally {
        stream.close();
      }
      reached ||= stream.reached;
      if (this.#signal.aborted) throw ConnectError.from(this.#signal.reason, Code.Canceled);
      if (error !== undefined && !mayReconnect(error, previous, reached)) throw error;
      previous = error;
      const pause = (retryDelay(error) ?? 0) + backOff(failures + 1, this.#retry, this.#clock);
      await this.#clock.wait(pause, this.#signal).catch((reason) => {
        throw ConnectError.from(reason, Code.Canceled);
      });
    }
  }
}

/**
 * Reports whether another stream may do better.
 *
 * @param previous - the error of the stream before, if there was nothing between
 * @param reached - whether a stream ever began
 */
function mayReconnect(error: unknown, previous: unknown, reached: boolean): boolean {
  if (!(error instanceof ConnectError)) return false;
  // The session has a new token by now. If the server rejects that one too, it will reject the next.
  if (rejectsToken(error)) return !rejectsToken(previous);
  if (isTemporary(error)) return true;
  // Without a reason it is not the catalog's: a torn stream looks like this, and an address where there is no catalog.
  return reasonOf(error) === undefined ? reached && !outsiders.has(error.code) : !refusals.has(error.code);
}

function rejectsToken(error: unknown): boolean {
  return isReason(error, "TOKEN_EXPIRED", "TOKEN_INVALID");
}

/** One stream. */
class Stream {
  /** Whether the response began. */
  reached = false;
  readonly #controller = new AbortController();
  readonly #responses: AsyncIterator<WatchProductChangesResponse>;
  readonly #silenceMs: number;
  readonly #unlink: () => void;

  constructor(open: Open, request: Parameters<Open>[0], signal: AbortSignal, silenceMs: number) {
    const abort = () => this.#controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    this.#unlink = () => signal.removeEventListener("abort", abort);
    this.#silenceMs = silenceMs;
    const onHeader = () => {
      this.reached = true;
    };
    this.#responses = open(request, { signal: this.#controller.signal, onHeader })[Symbol.asyncIterator]();
  }

  /** Returns the next response; undefined at the end. */
  async next(): Promise<WatchProductChangesResponse | undefined> {
    const silent = new ConnectError(`the server sent no heartbeat for ${this.#silenceMs} ms`, Code.Unavailable);
    const timer = setTimeout(() => this.#controller.abort(silent), this.#silenceMs);
    try {
      const result = await abortable(this.#responses.next(), this.#controller.signal);
      return result.done ? undefined : result.value;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#unlink();
    this.#controller.abort();
  }
}
