import { FileError, type ParsedFile } from "./model";
import type { ReadAnswer, ReadRequest } from "./worker";

/**
 * Reads a file in another thread, so that the page stays alive.
 *
 * @throws FileError if it cannot be read
 */
export function readFile(
  file: File,
  currency: string,
  signal: AbortSignal,
  onProgress: (ratio: number) => void,
): Promise<ParsedFile> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const end = () => worker.terminate();
    signal.addEventListener("abort", () => {
      end();
      reject(signal.reason);
    });
    worker.addEventListener("error", (event) => {
      end();
      reject(new Error(event.message));
    });
    worker.addEventListener("message", ({ data }: MessageEvent<ReadAnswer>) => {
      if ("ratio" in data) return onProgress(data.ratio);
      end();
      if ("parsed" in data) resolve(data.parsed);
      else reject("fault" in data ? new FileError(data.fault, data.detail) : new Error(data.error));
    });
    worker.postMessage({ file, currency } satisfies ReadRequest);
  });
}
