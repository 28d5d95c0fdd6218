import { type Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import { errorDomain, type FieldReason, type Reason } from "../../src/reasons.js";

/** An error as the server makes it. */
export function fault(
  code: Code,
  reason: Reason,
  more: { metadata?: Record<string, string>; fields?: Record<string, FieldReason>; retryMs?: number } = {},
): ConnectError {
  const { metadata = {}, fields = {}, retryMs } = more;
  return new ConnectError("A sentence.", code, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: errorDomain, metadata } },
    {
      desc: BadRequestSchema,
      value: {
        fieldViolations: Object.entries(fields).map(([field, reason]) => ({ field, reason, description: "is wrong" })),
      },
    },
    ...(retryMs === undefined
      ? []
      : [
          {
            desc: RetryInfoSchema,
            value: { retryDelay: { seconds: BigInt(Math.floor(retryMs / 1000)), nanos: (retryMs % 1000) * 1e6 } },
          },
        ]),
  ]);
}
