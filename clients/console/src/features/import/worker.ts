import { FileError, type FileFault, type ParsedFile } from "./model";
import { parseFile } from "./parse";

/** What a page asks of the worker: to read a file. */
export interface ReadRequest {
  readonly file: File;
  readonly currency: string;
}

/** What the worker answers: how far it is, and in the end the file or why it cannot be read. */
export type ReadAnswer =
  | { readonly ratio: number }
  | { readonly parsed: ParsedFile }
  | { readonly fault: FileFault; readonly detail: string }
  | { readonly error: string };

addEventListener("message", async ({ data: { file, currency } }: MessageEvent<ReadRequest>) => {
  const answer = (message: ReadAnswer) => postMessage(message);
  try {
    answer({ parsed: parseFile(await file.arrayBuffer(), currency, (ratio) => answer({ ratio })) });
  } catch (error) {
    answer(error instanceof FileError ? { fault: error.fault, detail: error.detail } : { error: String(error) });
  }
});
