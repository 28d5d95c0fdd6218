const blocks = /^(?:br|p|div|ul|ol|table|tr|hr|blockquote|pre|h[1-6]|section|article|dl|dt|dd)$/;

const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  copy: "©",
  reg: "®",
  trade: "™",
  deg: "°",
  euro: "€",
  ndash: "–",
  mdash: "—",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  hellip: "…",
  bull: "•",
  times: "×",
  frac12: "½",
  aacute: "á",
  eacute: "é",
  iacute: "í",
  oacute: "ó",
  uacute: "ú",
  ntilde: "ñ",
  uuml: "ü",
  iexcl: "¡",
  iquest: "¿",
};

/**
 * Returns the text of a piece of HTML: one line for each block, "- " before items of lists, without scripts and styles. Workers have
 * no parser of the browser.
 */
export function plainText(markup: string): string {
  return markup
    .replace(/<(script|style)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi, "")
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/[\r\n]+/g, " ")
    .replace(/<(\/?)([a-z][a-z0-9]*)\b(?:"[^"]*"|'[^']*'|[^>"'])*>/gi, (_, end: string, tag: string) =>
      mark(tag.toLowerCase(), end !== ""),
    )
    .replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z0-9]+));/gi, entity)
    .split("\n")
    .map((line) =>
      line
        .split(/\s+/)
        .filter((word) => word !== "")
        .join(" "),
    )
    .filter((line) => line !== "" && line !== "-")
    .join("\n");
}

/** Returns what stands in plain text for the start or end of an element. */
function mark(tag: string, end: boolean): string {
  if (tag === "li") return end ? "" : "\n- ";
  if (tag === "td" || tag === "th") return " ";
  return blocks.test(tag) ? "\n" : "";
}

function entity(whole: string, decimal: string | undefined, hex: string | undefined, name: string | undefined): string {
  if (name !== undefined) return named[name] ?? named[name.toLowerCase()] ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
