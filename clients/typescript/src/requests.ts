import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Interceptor, StreamRequest, UnaryRequest } from "@connectrpc/connect";

/** Reports whether a method has no side effects, so that its responses can be cached. */
export function isSafe(method: DescMethod): boolean {
  return method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** Reports whether a method is RefreshSession: the server gives a repeat the same refresh token for 10 seconds. */
export function isRefresh(method: DescMethod): boolean {
  return method.name === "RefreshSession" && method.parent.typeName === "catalog.v1.AuthService";
}

/** Reports whether sending a request twice does the same as sending it once: it only reads, has a request id, or is a refresh. */
export function isRepeatable(req: UnaryRequest | StreamRequest): boolean {
  if (req.stream) return false;
  return isSafe(req.method) || isRefresh(req.method) || Boolean((req.message as WithRequestId).requestId);
}

interface WithRequestId {
  readonly requestId?: string;
}

/** Gives every request that can have a request id one, unless the caller did. Attempts of the same call share it. */
export const requestIdInterceptor: Interceptor = (next) => (req) => {
  if (req.stream || req.method.input.field["requestId"] === undefined || isRepeatable(req)) return next(req);
  // A copy: the caller may send the same message again, and mean another request.
  return next({ ...req, message: { ...req.message, requestId: randomUUID() } as typeof req.message });
};

/** Returns a UUID, version 4. Pages that are not served over TLS have no crypto.randomUUID. */
function randomUUID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
