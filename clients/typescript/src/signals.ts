import { Code, ConnectError } from "@connectrpc/connect";

/** Settles as the promise does, or rejects with the signal's reason if that comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Resolves after some milliseconds, or rejects with the signal's reason if that comes first. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return abortable(elapsed, signal).finally(() => clearTimeout(timer));
}

/** Returns a signal that is aborted with another one until it is cleared, or with DeadlineExceeded after some milliseconds; 0 for no limit. */
export function withDeadline(signal: AbortSignal, ms: number) {
  if (ms === 0) return { signal, hasPassed: () => false, clear: () => {} };
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  const late = new ConnectError(`no answer within ${ms} ms`, Code.DeadlineExceeded);
  const timer = setTimeout(() => controller.abort(late), Math.min(ms, 2 ** 31 - 1));
  return {
    signal: controller.signal,
    hasPassed: () => controller.signal.reason === late,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}
