import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { normalizeConnectionLoss, retryDelay } from "./errors.js";

/** How safe calls are tried again. A call is safe if its method has no side effects: gets, lists and reports. */
export interface RetryOptions {
  /** How often a call is tried at most. Default: 4. */
  readonly maxAttempts?: number;
  /** The longest wait before the second try, in milliseconds; it doubles with every further one. Default: 200. */
  readonly baseDelayMs?: number;
  /** The longest wait before any try, in milliseconds. Default: 5,000. */
  readonly maxDelayMs?: number;
  /**
   * The longest wait that the server may ask for, in milliseconds. If it asks for more, the call fails at once and
   * {@link retryDelay} tells how much. Default: 30,000.
   */
  readonly maxRetryAfterMs?: number;
}

/** What waiting depends on, so that tests need not wait. */
export interface RetryClock {
  wait(ms: number, signal: AbortSignal): Promise<void>;
  random(): number;
}

const realClock: RetryClock = { wait, random: Math.random };

/** Reports whether a method has no side effects, so that it can be tried again, and cached. */
export function isSafe(method: DescMethod): boolean {
  return method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/**
 * Tries safe calls again when the server cannot be reached, is overloaded or asks for it, after a random part of a wait that
 * doubles each time, and never before the server's Retry-After. The call's deadline spans all tries.
 */
export function retryInterceptor(options: RetryOptions = {}, clock: RetryClock = realClock): Interceptor {
  const { maxAttempts = 4, baseDelayMs = 200, maxDelayMs = 5_000, maxRetryAfterMs = 30_000 } = options;
  return (next) => async (req) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(req);
      } catch (thrown) {
        const error = normalizeConnectionLoss(thrown, req.signal);
        const asked = retryDelay(error);
        if (
          req.stream ||
          !isSafe(req.method) ||
          attempt >= maxAttempts ||
          req.signal.aborted ||
          !isTemporary(error, asked) ||
          (asked !== undefined && asked > maxRetryAfterMs)
        ) {
          throw error;
        }
        const backOff = clock.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
        await clock.wait((asked ?? 0) + backOff, req.signal);
      }
    }
  };
}

function isTemporary(error: unknown, asked: number | undefined): boolean {
  if (!(error instanceof ConnectError)) return false;
  return error.code === Code.Unavailable || (error.code === Code.ResourceExhausted && asked !== undefined);
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
