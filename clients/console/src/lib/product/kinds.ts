import type { MoneyValue } from "@zebrands/catalog";
import type { Format } from "@/i18n";
import { csvCell } from "@/lib/csv";

/** The kinds of fields, with what a value of each is. Several kinds may hold the same: they differ in their form controls. */
export interface ValueByKind {
  /** Written by machines: no spelling. */
  readonly code: string;
  readonly line: string;
  /** A line that is likely one of the brands that there are. */
  readonly brand: string;
  /** Any number of lines. */
  readonly text: string;
  readonly money: MoneyValue;
  /** An optional whole number. */
  readonly integer: bigint | undefined;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}
export type Kind = keyof ValueByKind;

/** The kinds that hold values of this type. */
export type KindOf<V> = {
  [K in Kind]: [V, ValueByKind[K]] extends [ValueByKind[K], V] ? K : never;
}[Kind];

/** What can be done with the values of a kind. Form controls and the import's readers stand where they are used, by kind too. */
export interface Rules<V> {
  /** The value that a new product starts with. */
  readonly empty: V;
  /** Figures stand in a line, lists are compared item by item, prose takes the room that it needs. */
  readonly look: "figure" | "list" | "prose";
  same(a: V, b: V): boolean;
  /** Returns a value, of a message or in the JSON form of the history, as people read it; "" if there is none. */
  text(value: unknown, format: Format, inline: boolean): string;
  /** Returns the cells of the field's columns in the catalog's own format. */
  cells(value: V): readonly string[];
}

const prose: Rules<string> = {
  empty: "",
  look: "prose",
  same: (a, b) => a === b,
  text: (value) => String(value),
  cells: (value) => [value],
};

const list: Rules<readonly string[]> = {
  empty: [],
  look: "list",
  same: (a, b) => a.length === b.length && a.every((item, i) => item === b[i]),
  text: (value, format) => (Array.isArray(value) ? format.list(value.map(String)) : ""),
  cells: (items) => [items.map(csvCell).join(",")],
};

export const kinds: { readonly [K in Kind]: Rules<ValueByKind[K]> } = {
  code: prose,
  line: prose,
  brand: prose,
  text: prose,
  money: {
    empty: { amount: "", currencyCode: "USD" },
    look: "figure",
    same: (a, b) => a.currencyCode === b.currencyCode && plainAmount(a.amount) === plainAmount(b.amount),
    text: (value, format) => {
      const money = moneyOf(value);
      return money === undefined ? "" : format.money(money);
    },
    cells: ({ amount, currencyCode }) => [amount, currencyCode],
  },
  integer: {
    empty: undefined,
    look: "figure",
    same: (a, b) => a === b,
    text: (value, format) => {
      const number = parseInteger(String(value));
      return number === undefined ? "" : format.number(number);
    },
    cells: (value) => [value === undefined ? "" : String(value)],
  },
  addresses: {
    ...list,
    text: (value, format, inline) => (inline || !Array.isArray(value) ? list.text(value, format, inline) : value.join("\n")),
  },
  tags: list,
  attributes: {
    empty: {},
    look: "prose",
    same: (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)),
    text: (value, _, inline) =>
      Object.entries(value as object)
        .map(([key, entry]) => `${key}: ${entry}`)
        .sort()
        .join(inline ? ", " : "\n"),
    cells: (value) => {
      const entries = sorted(value);
      return [entries.length === 0 ? "" : JSON.stringify(Object.fromEntries(entries))];
    },
  },
};

/** Returns the whole number that a text is; undefined if it is none, or none that 64 bits hold for certain. */
export function parseInteger(text: string): bigint | undefined {
  return /^-?[0-9]{1,18}$/.test(text) ? BigInt(text) : undefined;
}

function sorted(attributes: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns decimal text without zeros that mean nothing: 129.90 is 129.9. */
function plainAmount(amount: string): string {
  return (amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount).replace(/^0+(?=[0-9])/, "");
}

/** Returns money as a message or its JSON form has it. */
function moneyOf(value: unknown): MoneyValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { amount, currencyCode, currency_code } = value as Partial<Record<"amount" | "currencyCode" | "currency_code", unknown>>;
  const code = currencyCode ?? currency_code;
  return typeof amount === "string" && typeof code === "string" ? { amount, currencyCode: code } : undefined;
}
