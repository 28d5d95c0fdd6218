import { type Language, usePreferences } from "@/lib/preferences";

/** A text, or a function that makes one of values that are already formatted. */
// biome-ignore lint/suspicious/noExplicitAny: every function that returns a text fits, whatever it takes.
type Message = string | ((...args: any[]) => string);

type Translation<M> = {
  readonly [K in keyof M]: M[K] extends (...args: infer Args) => string ? (...args: Args) => string : string;
};

/** The same texts in every language. */
export type Messages<M> = { readonly [L in Language]: Translation<M> };

/**
 * Declares the texts of one feature. A text that is missing in a language, or takes other values there, does not compile.
 *
 * @example
 * ```ts
 * export const messages = defineMessages({
 *   en: { title: "Import", rows: (n: string) => `${n} rows` },
 *   es: { title: "Importar", rows: (n) => `${n} filas` },
 * });
 * ```
 */
export function defineMessages<const M extends Record<string, Message>>(messages: {
  readonly en: M;
  readonly es: NoInfer<Translation<M>>;
}): Messages<M> {
  return messages as unknown as Messages<M>;
}

/** Returns the texts in the user's language. */
export function useMessages<M>(messages: Messages<M>): Translation<M> {
  return messages[usePreferences().language];
}
