import type { FieldName, Values } from "@/lib/product/fields";
import type { Result } from "./bring-in";
import type { ParsedFile, Problem } from "./model";

export const kinds = ["created", "updated", "unchanged", "failed"] as const;
export type Kind = (typeof kinds)[number];

/** A row as the preview and the result list it. */
export interface Entry {
  readonly line: number;
  /** Not there if the row could not be read. */
  readonly product: Values | undefined;
  /** Not there if it did not come to this row. */
  readonly kind: Kind | undefined;
  readonly fields: readonly FieldName[];
  readonly problems: readonly Problem[];
}

/** Returns every row of a file with what becomes of it, in the order of the file. */
export function entriesOf(file: ParsedFile, result: Result): Entry[] {
  const problems = Map.groupBy([...file.problems, ...result.problems], ({ line }) => line);
  const entries: Entry[] = file.rows.map(({ line, product }) => {
    const state = result.states.get(line);
    return {
      line,
      product,
      kind: state?.is,
      fields: state?.is === "updated" ? state.fields : [],
      problems: problems.get(line) ?? [],
    };
  });
  const read = new Set(file.rows.map(({ line }) => line));
  for (const [line, found] of problems) {
    if (!read.has(line)) entries.push({ line, product: file.bad[line]?.product, kind: "failed", fields: [], problems: found });
  }
  return entries.sort((a, b) => a.line - b.line);
}

/** Returns how many rows there are of each kind. */
export function countKinds(entries: readonly Entry[]): Record<Kind, number> {
  const counts: Record<Kind, number> = { created: 0, updated: 0, unchanged: 0, failed: 0 };
  for (const { kind } of entries) if (kind !== undefined) counts[kind]++;
  return counts;
}
