import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { errorDomain, type FieldReason, type Reason } from "./reasons.js";

/** A field of a request that the server refused. */
export interface FieldViolation {
  /** The path in the names of the proto file, such as `product.price.amount`. */
  readonly field: string;
  /** What is wrong with it, such as `NEGATIVE`. A server newer than this package may give one that the type does not know. */
  readonly reason: FieldReason;
  /** The same in English, such as `must not be negative`. */
  readonly description: string;
}

/**
 * Returns why the server refused a call, or undefined if the error does not come from the catalog: a lost connection, or a
 * deadline that ended before the answer.
 *
 * A server newer than this package may give a reason that {@link Reason} does not know.
 */
export function reasonOf(error: unknown): Reason | undefined {
  return errorInfo(error)?.reason as Reason | undefined;
}

/**
 * Reports whether the server refused a call for one of the given reasons.
 *
 * @example
 * ```ts
 * try {
 *   await catalog.products.createProduct({ product });
 * } catch (error) {
 *   if (!isReason(error, "SKU_TAKEN")) throw error;
 *   console.log(`held by ${errorMetadata(error)["product_id"]}`);
 * }
 * ```
 */
export function isReason(error: unknown, ...anyOf: [Reason, ...Reason[]]): error is ConnectError {
  const reason = reasonOf(error);
  return reason !== undefined && anyOf.includes(reason);
}

/** Returns what the server says about an error beside its reason, such as the id of the product that holds a SKU. */
export function errorMetadata(error: unknown): Readonly<Record<string, string>> {
  return errorInfo(error)?.metadata ?? {};
}

/** Returns the fields that are to blame for an error; empty if none is. */
export function fieldViolations(error: unknown): FieldViolation[] {
  if (!(error instanceof ConnectError)) return [];
  return error
    .findDetails(BadRequestSchema)
    .flatMap((detail) => detail.fieldViolations)
    .map(({ field, reason, description }) => ({ field, reason: reason as FieldReason, description }));
}

/**
 * Returns how many milliseconds the server asks to wait before another try, from the error's RetryInfo or the Retry-After
 * header; undefined if it does not ask.
 */
export function retryDelay(error: unknown): number | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay !== undefined) return Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6);
  const header = error.metadata.get("Retry-After");
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/**
 * Turns what a lost connection throws into an error with the code Unavailable, and leaves everything else as it is: what the server
 * says has details, and what the caller ended has an aborted signal.
 */
export function normalizeConnectionLoss(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || !isConnectionLoss(error)) return error;
  return new ConnectError(
    `the connection was lost: ${error instanceof ConnectError ? error.rawMessage : error.message}`,
    Code.Unavailable,
    undefined,
    undefined,
    error,
  );
}

/**
 * fetch throws a TypeError. Node's HTTP clients give a connection that was reset the code Aborted, one that was closed below a stream
 * of HTTP/2 the code Canceled, and what the operating system says besides, such as EPIPE, the code Internal.
 */
function isConnectionLoss(error: unknown): error is TypeError | ConnectError {
  if (error instanceof TypeError) return true;
  if (!(error instanceof ConnectError) || error.details.length > 0) return false;
  const fromSystem = error.cause instanceof Error && "syscall" in error.cause;
  return error.code === Code.Aborted || error.code === Code.Canceled || fromSystem;
}

function errorInfo(error: unknown) {
  if (!(error instanceof ConnectError)) return undefined;
  return error.findDetails(ErrorInfoSchema).find((info) => info.domain === errorDomain);
}
