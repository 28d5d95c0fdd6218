/** Saves text as a file on the reader's device. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** Saves rows as a CSV file that spreadsheets open: UTF-8 with a mark, and no cell is a formula. */
export async function downloadCsv(name: string, rows: readonly Record<string, string | number>[]): Promise<void> {
  const { default: Papa } = await import("papaparse");
  download(name, "text/csv;charset=utf-8", `\uFEFF${Papa.unparse([...rows], { escapeFormulae: true })}\r\n`);
}
