import { type FieldName, fieldNames, fieldsIn, sameValue, valuesOf } from "@/lib/product/fields";
import type { Conflict } from "./data";

/** Sorts the fields that changed since by who changed them. */
export function sides({ base, wanted, current }: Conflict): Record<"both" | "mine" | "others", FieldName[]> {
  const before = valuesOf(base);
  const now = valuesOf(current);
  const theirs = fieldNames.filter((field) => !sameValue(before, now, field));
  const own = fieldsIn(wanted);
  return {
    both: own.filter((field) => theirs.includes(field) && !sameValue(wanted, now, field)),
    mine: own.filter((field) => !theirs.includes(field)),
    others: theirs.filter((field) => !own.includes(field) || sameValue(wanted, now, field)),
  };
}
