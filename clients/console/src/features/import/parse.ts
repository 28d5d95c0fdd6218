import { maxLengths } from "@/lib/limits";
import { fieldNames, fieldRow, fieldValue } from "@/lib/product/fields";
import { type BadRow, FileError, type ParsedFile, type Problem, type Row } from "./model";
import { isOwn, readOwn } from "./own-format";
import { isShopify, readShopify } from "./shopify-format";
import { decode, readTable } from "./table";

/**
 * Reads a file in one of the known formats.
 *
 * @param currency - of prices without one
 * @throws FileError if the file as a whole cannot be read
 */
export function parseFile(bytes: ArrayBuffer, currency: string, onProgress?: (ratio: number) => void): ParsedFile {
  const table = readTable(decode(bytes), onProgress);
  const { header } = table;
  if (isShopify(header)) return withoutInvalid({ header, ...readShopify(table, currency) });
  if (isOwn(header)) return withoutInvalid({ header, ...readOwn(table, currency) });
  throw new FileError("format", header.join(", "));
}

/** Moves rows that the server would refuse for certain, and that are cheap to tell, to the problems. */
function withoutInvalid(file: ParsedFile): ParsedFile {
  const lines = new Map<string, number>();
  const rows: Row[] = [];
  const problems: Problem[] = [...file.problems];
  const bad: Record<number, BadRow> = { ...file.bad };
  for (const row of file.rows) {
    const { sku } = row.product;
    const found = check(file, row);
    const first = lines.get(sku);
    if (sku !== "" && first === undefined) lines.set(sku, row.line);
    if (first !== undefined)
      found.push({ line: row.line, column: file.columns.sku ?? "sku", reason: { code: "twice", values: [sku, String(first)] } });
    if (found.length === 0) rows.push(row);
    else bad[row.line] = { cells: row.cells, product: row.product };
    problems.push(...found);
  }
  return { ...file, rows, problems: problems.toSorted((a, b) => a.line - b.line), bad };
}

function check({ columns }: ParsedFile, { line, product }: Row): Problem[] {
  const problems: Problem[] = [];
  const add = (column: string | undefined, code: "empty" | "sku" | "amount" | "currency") =>
    problems.push({ line, column: column ?? code, reason: { code } });
  for (const field of fieldNames) if (fieldRow(field).required && fieldValue(product, field) === "") add(columns[field], "empty");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if ([...product.sku].length > maxLengths["product.sku"] || /[\u0000-\u001F\u007F]/.test(product.sku)) add(columns.sku, "sku");
  if (!/^[0-9]+(\.[0-9]+)?$/.test(product.price.amount)) add(columns.price, "amount");
  if (!/^[A-Z]{3}$/.test(product.price.currencyCode)) add(columns.currency, "currency");
  return problems;
}
