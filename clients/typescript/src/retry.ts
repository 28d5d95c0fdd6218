import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { normalizeConnectionLoss, retryDelay } from "./errors.js";
import { isRepeatable } from "./requests.js";
import { wait, withDeadline } from "./signals.js";

/**
 * How repeatable calls are tried again: gets, lists and reports, which have no side effects, writes with a request id, which the
 * server does once, and refreshes of the session.
 */
export interface RetryOptions {
  /** How often a call is tried at most. Default: 4. */
  readonly maxAttempts?: number;
  /**
   * How long an attempt may take before the next one begins, in milliseconds; 0 for as long as the call. The last one may take
   * what is left of the call's time. Default: half of the call's `timeoutMs`.
   */
  readonly attemptTimeoutMs?: number;
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

export const realClock: RetryClock = { wait, random: Math.random };

/** Returns how long to wait after so many failed attempts in a row, in milliseconds: a random part of a wait that doubles each time. */
export function backOff(failures: number, { baseDelayMs = 200, maxDelayMs = 5_000 }: RetryOptions, clock: RetryClock): number {
  return clock.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1));
}

/**
 * Tries repeatable calls again when the server cannot be reached, is overloaded or asks for it, after a random part of a wait that
 * doubles each time, and never before the server's Retry-After; or when it does not answer an attempt in time. The call's deadline
 * spans all tries.
 */
export function retryInterceptor(options: RetryOptions = {}, clock: RetryClock = realClock): Interceptor {
  const { maxAttempts = 4, maxRetryAfterMs = 30_000 } = options;
  return (next) => async (req) => {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= maxAttempts || !isRepeatable(req);
      const deadline = withDeadline(req.signal, isLast ? 0 : (options.attemptTimeoutMs ?? timeoutOf(req.header) / 2));
      try {
        return await next({ ...req, signal: deadline.signal });
      } catch (thrown) {
        const error = normalizeConnectionLoss(thrown, deadline.signal);
        const asked = retryDelay(error);
        const again = deadline.hasPassed() || (isTemporary(error) && (asked === undefined || asked <= maxRetryAfterMs));
        if (isLast || req.signal.aborted || !again) {
          throw error;
        }
        await clock.wait((asked ?? 0) + backOff(attempt, options, clock), req.signal);
      } finally {
        deadline.clear();
      }
    }
  };
}

/** Returns the time limit of a call in milliseconds, as every protocol sends it; 0 without one. */
function timeoutOf(header: Headers): number {
  return Number.parseInt(header.get("Connect-Timeout-Ms") ?? header.get("Grpc-Timeout") ?? "0", 10);
}

/** Reports whether the server cannot be reached, is overloaded, or asks for another attempt. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  return error.code === Code.Unavailable || (error.code === Code.ResourceExhausted && retryDelay(error) !== undefined);
}
