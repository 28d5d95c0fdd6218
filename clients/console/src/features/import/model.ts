import type { FieldViolation } from "@zebrands/catalog";
import type { Column, FieldName, Values } from "@/lib/product/fields";

/** A row of a file that can be brought in. */
export interface Row {
  /** Where the row starts, counted from 1. */
  readonly line: number;
  readonly product: Values;
  /** Changes of single attributes; an empty value removes one. */
  readonly facts: Readonly<Record<string, string>>;
  /** The row in the columns of the file's header, complete enough to be a file of its own. */
  readonly cells: readonly string[];
}

/** A row that cannot be brought in. */
export interface BadRow {
  readonly cells: readonly string[];
  readonly product?: Values;
}

/** What can be wrong with a row before the server has seen it. */
export type ProblemCode =
  | "empty"
  | "sku"
  | "twice"
  | "amount"
  | "currency"
  | "list"
  | "integer"
  | "attributes"
  | "columns"
  | "quotes"
  | "encoding"
  | "noVariant";

/** What is wrong with a row. */
export interface Problem {
  readonly line: number;
  /** The column, as the file's header names it; empty if it is the whole row. */
  readonly column: string;
  /** A code, or what the server objects to: a field, or the row as a whole. */
  readonly reason:
    | { readonly code: ProblemCode; readonly values?: readonly string[] }
    | { readonly violation: FieldViolation }
    | { readonly error: unknown };
}

/** What a column of the file becomes: a field, an attribute, or nothing. */
export interface Mapping {
  readonly column: string;
  readonly to: Column | "attribute" | "ignored";
}

/** What was read from a file. Plain data, so that a worker can send it. */
export interface ParsedFile {
  readonly format: "own" | "shopify";
  readonly header: readonly string[];
  readonly mappings: readonly Mapping[];
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
  /** The rows that problems are about and that are not in `rows`, by line, as far as they could be read. */
  readonly bad: Readonly<Record<number, BadRow>>;
  /** How many rows were left out because the shop does not publish them. */
  readonly unpublished: number;
  /** The fields for which the file has columns; an import changes no others. */
  readonly fields: readonly FieldName[];
  /** The file's columns for fields of a product. */
  readonly columns: Readonly<Partial<Record<Column, string>>>;
}

/** Why a file as a whole cannot be read. */
export type FileFault = "empty" | "utf8" | "format" | "twice";

export class FileError extends Error {
  override readonly name = "FileError";
  readonly fault: FileFault;
  /** What the message needs to be clear, such as the column's name. */
  readonly detail: string;

  constructor(fault: FileFault, detail = "") {
    super(fault);
    this.fault = fault;
    this.detail = detail;
  }
}
