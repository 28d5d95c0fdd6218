/** The search part of an address: every value is text; a name that occurs more than once is a list. */
export type SearchParams = Record<string, string | string[]>;

/** Reads `?q=tv&brand=LG&brand=Sony` into `{ q: "tv", brand: ["LG", "Sony"] }`. */
export function parseSearch(search: string): SearchParams {
  const params: SearchParams = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const before = params[name];
    if (before === undefined) params[name] = value;
    else params[name] = [...(Array.isArray(before) ? before : [before]), value];
  }
  return params;
}

/** Writes what {@link parseSearch} reads. Leaves out what is empty, so that addresses stay short. */
export function stringifySearch(params: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && item !== "" && item !== false) search.append(name, String(item));
    }
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

/** Returns a parameter as text; undefined if it is not there or empty. For `validateSearch` of routes. */
export function textParam(value: unknown): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === null || first === "" ? undefined : String(first);
}

/** Returns a parameter as a list of different texts; undefined if there is none. */
export function listParam(value: unknown): string[] | undefined {
  const items = (Array.isArray(value) ? value : [value]).map((item) => textParam(item)).filter((item) => item !== undefined);
  return items.length === 0 ? undefined : [...new Set(items)];
}

/** Returns a parameter if it is one of the given values. */
export function oneOf<const T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((item) => item === textParam(value));
}

/** Returns an object without the properties that are undefined, so that optional ones stay absent. */
export function defined<T extends Record<string, unknown>>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
