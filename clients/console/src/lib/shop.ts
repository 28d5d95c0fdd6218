import type { Reason } from "@zebrands/catalog";
import type { Values } from "@/lib/product/fields";

/** A product as an anonymous reader gets it: the message's JSON form, in which nothing is left out. */
export type ShopProduct = {
  readonly [P in keyof Values]: Values[P] extends bigint | undefined ? string | undefined : Values[P];
} & {
  readonly id: string;
  readonly updateTime: string;
};

/** What ListProducts can be asked; see the contract. */
export interface ShopQuery {
  readonly query?: string;
  readonly filter?: string;
  readonly orderBy?: string;
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/** A brand and how many products it has. */
export interface ShopBrand {
  readonly name: string;
  readonly productCount: number;
}

/** An answer of the server, or none. */
export class ShopError extends Error {
  override readonly name = "ShopError";
  readonly reason: Reason | undefined;
  /** Whether trying again may help. */
  readonly temporary: boolean;

  constructor(message: string, reason: Reason | undefined, temporary: boolean) {
    super(message);
    this.reason = reason;
    this.temporary = temporary;
  }
}

/** Longer requests are sent in the body: proxies take addresses of 8 kB. */
const maxGetLength = 4_000;

/**
 * Reads products without a session, in the Connect protocol's JSON form. It is the only part of the console that does not go through
 * the client package: without protobuf, the first page of the storefront loads a third less code.
 */
export const shop = {
  list: (query: ShopQuery, signal: AbortSignal) =>
    call<{ products: ShopProduct[]; nextPageToken: string }>("ListProducts", query, signal),
  brands: (query: string, signal: AbortSignal) =>
    call<{ brands: ShopBrand[]; nextPageToken: string }>("ListBrands", { query, pageSize: 500 }, signal),
  get: async (id: string, signal: AbortSignal) => (await call<{ product: ShopProduct }>("GetProduct", { id }, signal)).product,
};

async function call<Response>(method: string, request: object, signal: AbortSignal): Promise<Response> {
  const address = `/catalog.v1.ProductService/${method}`;
  const message = JSON.stringify(request);
  const get = `${address}?${new URLSearchParams({ connect: "v1", encoding: "json", message })}`;
  const headers = { "Content-Type": "application/json" };
  let response: Awaited<ReturnType<typeof fetch>>;
  try {
    response = await (get.length <= maxGetLength
      ? fetch(get, { signal })
      : fetch(address, { method: "POST", headers, body: message, signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw new ShopError(String(error), undefined, true);
  }
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

async function errorOf(response: Response): Promise<ShopError> {
  const body: { message?: string; details?: { debug?: { reason?: Reason } }[] } = await response.json().catch(() => ({}));
  const reason = body.details?.find((detail) => detail.debug?.reason !== undefined)?.debug?.reason;
  return new ShopError(body.message ?? response.statusText, reason, response.status === 429 || response.status >= 500);
}
