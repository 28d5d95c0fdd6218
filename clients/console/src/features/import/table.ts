import Papa from "papaparse";
import { type BadRow, FileError, type Problem } from "./model";

/** A row as it stands in the file: text by column, trimmed. */
export interface TableRow {
  readonly line: number;
  readonly raw: readonly string[];
  readonly cells: ReadonlyMap<string, string>;
}

export interface Table {
  /** Trimmed; columns without a name are empty. */
  readonly header: readonly string[];
  readonly records: readonly TableRow[];
  readonly problems: readonly Problem[];
  readonly bad: Readonly<Record<number, BadRow>>;
}

/** Stands for bytes that are not UTF-8. */
const replacement = "\uFFFD";

/** Returns the text of a file. Throws FileError if it is clearly in another encoding than UTF-8. */
export function decode(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw new FileError("utf8");
  return new TextDecoder("utf-8").decode(bytes); // drops a byte order mark
}

/**
 * Reads CSV with a header, separated by commas or semicolons. Rows that cannot be read are in `problems`; empty rows are left out.
 *
 * @throws FileError if the header cannot be read
 */
export function readTable(text: string, onProgress?: (ratio: number) => void): Table {
  let header: string[] | undefined;
  let line = 1;
  const records: TableRow[] = [];
  const problems: Problem[] = [];
  const bad: Record<number, BadRow> = {};
  let fault: FileError | undefined;
  Papa.parse<string[]>(text, {
    delimiter: delimiterOf(text),
    step: ({ data, errors, meta }, parser) => {
      const start = line;
      line += 1 + data.reduce((sum, cell) => sum + lineEnds(cell), 0);
      if (header === undefined) {
        try {
          header = readHeader(data, errors.length > 0);
        } catch (error) {
          fault = error as FileError;
          parser.abort();
        }
        return;
      }
      if (records.length % 2000 === 0) onProgress?.(meta.cursor / text.length);
      const problem = problemOf(start, data, header, errors.length > 0);
      if (problem === "empty") return;
      if (problem === undefined) {
        const cells = new Map(header.map((name, i) => [name, (data[i] ?? "").trim()] as const).filter(([name]) => name !== ""));
        records.push({ line: start, raw: data, cells });
      } else {
        problems.push(problem);
        bad[start] = { cells: data };
      }
    },
  });
  if (fault !== undefined) throw fault;
  if (header === undefined) throw new FileError("empty");
  return { header, records, problems, bad };
}

function readHeader(names: readonly string[], broken: boolean): string[] {
  const header = names.map((name) => name.trim());
  if (header.every((name) => name === "")) throw new FileError("empty");
  if (header.some((name) => name.includes(replacement))) throw new FileError("utf8");
  if (broken) throw new FileError("format", header.join(", "));
  const seen = new Set<string>();
  for (const name of header.filter((name) => name !== "")) {
    if (seen.has(name.toLowerCase())) throw new FileError("twice", name);
    seen.add(name.toLowerCase());
  }
  return header;
}

/** Returns what is wrong with a row's form, "empty" if there is nothing in it, and undefined if all is well. */
function problemOf(
  line: number,
  cells: readonly string[],
  header: readonly string[],
  broken: boolean,
): Problem | "empty" | undefined {
  if (broken) return { line, column: "", reason: { code: "quotes" } };
  if (cells.every((cell) => cell.trim() === "")) return "empty";
  if (cells.length !== header.length) {
    return { line, column: "", reason: { code: "columns", values: [String(cells.length), String(header.length)] } };
  }
  const bad = cells.findIndex((cell) => cell.includes(replacement));
  return bad < 0 ? undefined : { line, column: header[bad] ?? "", reason: { code: "encoding" } };
}

function delimiterOf(text: string): "," | ";" {
  const first = text.slice(0, 65_536).split("\n", 1)[0] ?? "";
  return first.split(";").length > first.split(",").length ? ";" : ",";
}

function lineEnds(cell: string): number {
  return cell.match(/\r\n|\n|\r/g)?.length ?? 0;
}

/** The characters of Windows-1252 from 0x80 to 0x9F; those that it leaves undefined stay as they are. */
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

/**
 * Brings a cell into the form in which the catalog keeps text. C1 control characters, which the catalog refuses, become what was
 * meant: they are left of Windows-1252 text, such as "™", that was taken for Latin-1.
 */
export function clean(cell: string): string {
  return cell
    .replaceAll("\r\n", "\n")
    .replace(/[\u0080-\u009F]/g, (char) => windows1252[char.charCodeAt(0) - 0x80] ?? char)
    .normalize("NFC")
    .trim();
}
