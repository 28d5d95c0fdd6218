import type { BadRow, FieldName, Mapping, ParsedFile, Problem, Row } from "./model";
import { clean, type Table, type TableRow } from "./table";

const required = ["sku", "name", "brand", "price"] as const;
const optional = ["currency", "description", "image_urls", "tags", "attributes"] as const;
type Column = (typeof required)[number] | (typeof optional)[number];

/** Reports whether a header is that of the catalog's own format. */
export function isOwn(header: readonly string[]): boolean {
  return required.every((name) => header.some((column) => column.toLowerCase() === name));
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
  const fields: FieldName[] = ["name", "brand", "price"];
  for (const field of ["description", "image_urls", "tags", "attributes"] as const)
    if (columns[field] !== undefined) fields.push(field);
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
  return [...required, ...optional].find((name) => name === column.toLowerCase());
}

function readRow(
  record: TableRow,
  columns: Partial<Record<Column, string>>,
  facts: readonly string[],
  currency: string,
): Row | Problem {
  const cell = (column: Column) => clean(record.cells.get(columns[column] ?? "") ?? "");
  const refuse = (column: Column, code: "list" | "attributes"): Problem => ({
    line: record.line,
    column: columns[column] ?? column,
    reason: { code },
  });
  const imageUrls = splitList(cell("image_urls"));
  if (imageUrls === undefined) return refuse("image_urls", "list");
  const tags = splitList(cell("tags"));
  if (tags === undefined) return refuse("tags", "list");
  const attributes = readAttributes(cell("attributes"));
  if (attributes === undefined) return refuse("attributes", "attributes");
  return {
    line: record.line,
    cells: record.raw,
    facts: Object.fromEntries(facts.map((name) => [clean(name), clean(record.cells.get(name) ?? "")])),
    product: {
      sku: cell("sku"),
      name: cell("name"),
      brand: cell("brand"),
      price: { amount: cell("price"), currencyCode: cell("currency") || currency },
      description: cell("description"),
      imageUrls,
      tags,
      attributes,
    },
  };
}

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
