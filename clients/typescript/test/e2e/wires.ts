import type { NodeCatalogOptions } from "@zebrands/catalog/node";

type Wire = Pick<NodeCatalogOptions, "protocol" | "httpVersion">;

/** Every way in which Node speaks to the server. */
export const wires: readonly Wire[] = [
  { protocol: "connect", httpVersion: "2" },
  { protocol: "connect", httpVersion: "1.1" },
  { protocol: "grpc", httpVersion: "2" },
  { protocol: "grpc-web", httpVersion: "2" },
  { protocol: "grpc-web", httpVersion: "1.1" },
];

/** Returns what a way is called. */
export function nameOf({ protocol, httpVersion }: Wire): string {
  return `${protocol} over HTTP/${httpVersion}`;
}
