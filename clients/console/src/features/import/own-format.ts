import {
  type Column,
  columnsOf,
  fieldNames,
  fieldRow,
  ownColumns,
  propertyOf,
  requiredColumns,
  type Values,
} from "@/lib/product/fields";
import { type Kind, parseInteger, type ValueByKind } from "@/lib/product/kinds";
import type { BadRow, Mapping, ParsedFile, Problem, ProblemCode, Row } from "./model";
import { clean, type Table, type TableRow } from "./table";

/** Reports whether a header is that of the catalog's own format. */
export function isOwn(header: readonly string[]): boolean {
  return requiredColumns.every((name) => header.some((column) => column.toLowerCase() === name));
}

/** Reads the catalog's own format. Columns that it does not know are attributes. Same rules as the program's import command. */
export function readOwn(table: Table, currency: string): Omit<ParsedFile, "header"> {
  const columns: Partial<Record<Column, string>> = {};
  const facts: string[] = [];
  const mappings: Mapping[] = [];
  for (const column of table.header) {
    const known = knownColumn(column);
    if (known !== undefined) columns[known] = column;
    else if (column !== "") facts.push(column);
    mappings.push({ column, to: known ?? (column === "" ? "ignored" : "attribute") });
  }
  // Rows are told apart by their SKU: no row changes it.
  const fields = fieldNames.filter((field) => field !== "sku" && (fieldRow(field).required || columns[field] !== undefined));
  const rows: Row[] = [];
  const problems: Problem[] = [...table.problems];
  const bad: Record<number, BadRow> = { ...table.bad };
  for (const record of table.records) {
    const row = readRow(record, columns, facts, currency);
    if ("product" in row) {
      rows.push(row);
    } else {
      problems.push(row);
      bad[record.line] = { cells: record.raw };
    }
  }
  return { format: "own", mappings, rows, problems, bad, unpublished: 0, fields, columns };
}

function knownColumn(column: string): Column | undefined {
  return ownColumns.find((name) => name === column.toLowerCase());
}

function readRow(
  record: TableRow,
  columns: Partial<Record<Column, string>>,
  facts: readonly string[],
  currency: string,
): Row | Problem {
  const values: Partial<Record<keyof Values, unknown>> = {};
  for (const field of fieldNames) {
    const cells = columnsOf(field).map((column) => clean(record.cells.get(columns[column] ?? "") ?? ""));
    const reading = readers[fieldRow(field).kind](cells, currency);
    if ("code" in reading) return { line: record.line, column: columns[field] ?? field, reason: reading };
    values[propertyOf(field)] = reading.value;
  }
  return {
    line: record.line,
    cells: record.raw,
    facts: Object.fromEntries(facts.map((name) => [clean(name), clean(record.cells.get(name) ?? "")])),
    product: values as Values,
  };
}

/** What cells say, or what is wrong with them. */
type Reading<V> = { readonly value: V } | { readonly code: ProblemCode };
type Reader<V> = (cells: readonly string[], currency: string) => Reading<V>;

const readText: Reader<string> = ([text = ""]) => ({ value: text });

const readList: Reader<readonly string[]> = ([cell = ""]) => {
  const value = splitList(cell);
  return value === undefined ? { code: "list" } : { value };
};

/** How the cells of a field are read, by its kind. The server checks what amounts and currencies there are. */
const readers: { readonly [K in Kind]: Reader<ValueByKind[K]> } = {
  code: readText,
  line: readText,
  brand: readText,
  text: readText,
  money: ([amount = "", code = ""], currency) => ({ value: { amount, currencyCode: code || currency } }),
  integer: ([cell = ""]) => {
    const value = parseInteger(cell);
    return cell !== "" && value === undefined ? { code: "integer" } : { value };
  },
  addresses: readList,
  tags: readList,
  attributes: ([cell = ""]) => {
    const value = readAttributes(cell);
    return value === undefined ? { code: "attributes" } : { value };
  },
};

/** Reads a list that is written as a line of CSV: `red,"big, round"`. Undefined if it is none. */
export function splitList(cell: string): string[] | undefined {
  if (cell === "") return [];
  const items: string[] = [];
  const item = /\s*(?:"((?:[^"]|"")*)"|([^",\n]*))(,|$)/y;
  for (;;) {
    const match = item.exec(cell);
    if (match === null) return undefined;
    items.push(clean(match[1]?.replaceAll('""', '"') ?? match[2] ?? ""));
    if (match[3] === "") return item.lastIndex === cell.length ? items : undefined;
  }
}

function readAttributes(cell: string): Record<string, string> | undefined {
  if (cell === "") return {};
  try {
    const value: unknown = JSON.parse(cell);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value);
    if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string")) return undefined;
    return Object.fromEntries(entries.map(([name, text]) => [clean(name), clean(text)]));
  } catch {
    return undefined;
  }
}
