// Expressions of AIP-160, the language of `filter` in ListProducts.

/** Returns a text as a literal of a filter. */
export function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Joins the conditions that there are with AND. */
export function allOf(...conditions: readonly (string | undefined)[]): string {
  return conditions.filter((condition) => condition !== undefined && condition !== "").join(" AND ");
}

/** Returns a condition that a field equals one of the values; undefined if there are none. */
export function isOneOf(field: string, values: readonly string[] | undefined): string | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const conditions = values.map((value) => `${field} = ${quote(value)}`);
  return conditions.length === 1 ? conditions[0] : `(${conditions.join(" OR ")})`;
}

/** Returns a comparison with decimal text; undefined if the text is not a plain decimal, so that nothing else gets in. */
export function compares(field: string, operator: "<" | "<=" | ">" | ">=", amount: string | undefined): string | undefined {
  return amount !== undefined && /^[0-9]+(\.[0-9]+)?$/.test(amount) ? `${field} ${operator} ${amount}` : undefined;
}
