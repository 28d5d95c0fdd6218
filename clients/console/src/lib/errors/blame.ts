import { type FieldViolation, fieldViolations } from "@zebrands/catalog";

/**
 * Returns what an error of a batch objects to, by the position of the request. The server's paths are such as
 * "requests[3].product.sku"; those of the violations begin behind the request.
 */
export function blame(error: unknown): Map<number, FieldViolation[]> {
  const blamed = new Map<number, FieldViolation[]>();
  for (const violation of fieldViolations(error)) {
    const match = /^requests\[(\d+)\]\.?(.*)$/.exec(violation.field);
    if (match === null) continue;
    const position = Number(match[1]);
    blamed.set(position, [...(blamed.get(position) ?? []), { ...violation, field: match[2] ?? "" }]);
  }
  return blamed;
}
