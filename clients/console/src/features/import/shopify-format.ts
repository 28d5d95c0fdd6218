import { maxItems, maxLengths } from "@/lib/limits";
import { emptyValues, type FieldName } from "@/lib/product/fields";
import { plainText } from "./html";
import type { BadRow, Mapping, ParsedFile, Problem, Row } from "./model";
import { sha256 } from "./sha256";
import { clean, type Table, type TableRow } from "./table";

/** The value of the only option of a product without variants. */
const noOption = "Default Title";
/** How much of a hash tells SKUs apart that were made for rows. */
const hashDigits = 8;

const columns = {
  sku: "Variant SKU",
  name: "Title",
  brand: "Vendor",
  price: "Variant Price",
  description: "Body (HTML)",
  image_urls: "Image Src",
  tags: "Tags",
} as const satisfies Partial<Record<FieldName, string>>;

/** Columns that become attributes. */
const facts = ["Handle", "Type", "Variant Barcode", "Option1 Value", "Option2 Value", "Option3 Value"];

/** Columns that hold for all variants and stand in the first row of a product alone. */
const shared = [
  "Title",
  "Body (HTML)",
  "Vendor",
  "Type",
  "Tags",
  "Published",
  "Status",
  "Option1 Name",
  "Option2 Name",
  "Option3 Name",
];

/** Reports whether a header is that of a Shopify product export. */
export function isShopify(header: readonly string[]): boolean {
  return ["Handle", "Title", "Variant Price"].every((name) => header.includes(name));
}

/** The rows of one handle. */
interface ShopProduct {
  readonly handle: string;
  /** Has the title and whatever else all variants share. */
  readonly first: TableRow;
  readonly variants: TableRow[];
  readonly images: { readonly url: string; readonly position: number }[];
}

/** A row that got a SKU made for it, and what that was made of. */
interface Made {
  readonly index: number;
  readonly source: string;
}

/** Reads a Shopify product export: each variant becomes a product. Same rules as the program's import command. */
export function readShopify(table: Table, currency: string): Omit<ParsedFile, "header"> {
  const problems: Problem[] = [...table.problems];
  const bad: Record<number, BadRow> = { ...table.bad };
  const rows: Row[] = [];
  const made = new Map<string, Made[]>();
  let unpublished = 0;
  for (const product of productsOf(table, problems, bad)) {
    if (!isPublished(product.first)) {
      unpublished += product.variants.length;
      continue;
    }
    if (product.variants.length === 0) {
      problems.push({ line: product.first.line, column: "", reason: { code: "noVariant" } });
      bad[product.first.line] = { cells: product.first.raw };
    }
    for (const variant of product.variants) {
      const { row, source } = readVariant(product, variant, table.header, currency);
      if (source !== undefined) made.set(row.product.sku, [...(made.get(row.product.sku) ?? []), { index: rows.length, source }]);
      rows.push(row);
    }
  }
  tellApart(rows, made);
  const fields: FieldName[] = ["name", "brand", "price", "description", "image_urls", "tags"];
  const mappings = table.header.filter((column) => column !== "").map(mappingOf);
  return { format: "shopify", mappings, rows, problems, bad, unpublished, fields, columns };
}

function mappingOf(column: string): Mapping {
  const field = (Object.keys(columns) as (keyof typeof columns)[]).find((name) => columns[name] === column);
  return { column, to: field ?? (facts.includes(column) ? "attribute" : "ignored") };
}

/** Brings the rows of each handle together. */
function productsOf(table: Table, problems: Problem[], bad: Record<number, BadRow>): Iterable<ShopProduct> {
  const products = new Map<string, ShopProduct>();
  for (const record of table.records) {
    const cell = (name: string) => record.cells.get(name) ?? "";
    const handle = cell("Handle");
    if (handle === "") {
      problems.push({ line: record.line, column: "Handle", reason: { code: "empty" } });
      bad[record.line] = { cells: record.raw };
      continue;
    }
    const product = products.get(handle) ?? { handle, first: record, variants: [], images: [] };
    products.set(handle, product);
    const position = /^\d+$/.test(cell("Image Position")) ? Number(cell("Image Position")) : product.images.length + 1;
    if (cell("Image Src") !== "") product.images.push({ url: cell("Image Src"), position });
    if (cell("Option1 Value") !== "" || cell("Variant Price") !== "" || cell("Variant SKU") !== "") product.variants.push(record);
  }
  return products.values();
}

/** Exports have one or both of two columns that say whether the shop shows a product. */
function isPublished({ cells }: TableRow): boolean {
  const status = cells.get("Status") ?? "";
  return cells.get("Published")?.toLowerCase() !== "false" && (status === "" || status.toLowerCase() === "active");
}

function readVariant(
  product: ShopProduct,
  variant: TableRow,
  header: readonly string[],
  currency: string,
): { row: Row; source: string | undefined } {
  const own = (name: string) => variant.cells.get(name) ?? "";
  const common = (name: string) => product.first.cells.get(name) ?? "";
  const options = [1, 2, 3]
    .map((n) => ({ name: clean(common(`Option${n} Name`)), value: clean(own(`Option${n} Value`)) }))
    .filter(({ value }) => value !== "" && value !== noOption);
  const values = options.map(({ value }) => value);
  const title = clean(common("Title"));
  const given = clean(own("Variant SKU"));
  const { sku, source } = given === "" ? makeSku(product.handle, values) : { sku: given, source: undefined };
  const row: Row = {
    line: variant.line,
    cells: header.map((name, i) => variant.raw[i] || (shared.includes(name) ? common(name) : "")),
    facts: {
      handle: clean(product.handle),
      type: clean(common("Type")),
      barcode: clean(own("Variant Barcode").replace(/^'/, "")), // which spreadsheets add
      ...Object.fromEntries(options.filter(({ name }) => name !== "").map(({ name, value }) => [name, value])),
    },
    product: {
      ...emptyValues,
      sku,
      name: values.length > 0 && title !== "" ? `${title} - ${values.join(" / ")}` : title,
      brand: clean(common("Vendor")),
      price: { amount: own("Variant Price"), currencyCode: currency },
      description: clean(plainText(common("Body (HTML)"))),
      imageUrls: pictures(product, own("Variant Image")),
      tags: [
        ...new Set(
          common("Tags")
            .split(",")
            .map(clean)
            .filter((tag) => tag !== ""),
        ),
      ],
    },
  };
  return { row, source };
}

/** Returns the addresses of a variant's pictures, its own first. */
function pictures(product: ShopProduct, own: string): string[] {
  const urls = product.images.toSorted((a, b) => a.position - b.position).map(({ url }) => url);
  return [...new Set(own === "" ? urls : [own, ...urls])].slice(0, maxItems["product.image_urls"]);
}

/** Returns a SKU of the words of a handle and of option values, and what it was made of. One that is too long ends with a hash. */
function makeSku(handle: string, values: readonly string[]): { sku: string; source: string } {
  const source = [handle, ...values].join("\0");
  const folded = [handle, ...values]
    .join(" ")
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .normalize("NFC");
  const sku = folded
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .join("-");
  return { sku: [...sku].length > maxLengths["product.sku"] ? withHash(sku, source) : sku, source };
}

function withHash(sku: string, source: string): string {
  const start = [...sku]
    .slice(0, maxLengths["product.sku"] - hashDigits - 1)
    .join("")
    .replace(/-+$/, "");
  return `${start}-${sha256(source).slice(0, hashDigits)}`;
}

/** Gives rows a hash each, if the SKU that was made for them is made for others too, or is the real one of another. */
function tellApart(rows: Row[], made: ReadonlyMap<string, readonly Made[]>): void {
  const holders = new Map<string, number>();
  for (const { product } of rows) holders.set(product.sku, (holders.get(product.sku) ?? 0) + 1);
  for (const [sku, list] of made) {
    if (holders.get(sku) === 1) continue;
    for (const { index, source } of list) {
      const row = rows[index];
      if (row !== undefined) rows[index] = { ...row, product: { ...row.product, sku: withHash(sku, source) } };
    }
  }
}
