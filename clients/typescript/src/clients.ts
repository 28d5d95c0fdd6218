import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { type Admin, AdminService, type ListAdminsRequestSchema, type ListAdminsResponse } from "./gen/catalog/v1/admin_pb.js";
import {
  type Delivery,
  type ListDeliveriesRequestSchema,
  type ListDeliveriesResponse,
  NotificationService,
} from "./gen/catalog/v1/notification_pb.js";
import {
  type ListProductChangesRequestSchema,
  type ListProductChangesResponse,
  type ListProductsRequestSchema,
  type ListProductsResponse,
  type Product,
  type ProductChange,
  ProductService,
} from "./gen/catalog/v1/product_pb.js";
import { type Page, Pages } from "./pages.js";
import type { RetryOptions } from "./retry.js";
import { Watch, type WatchQuery } from "./watch.js";

/** What to list: a request without its page token, which {@link Pages} takes care of. */
export type ListQuery<Schema extends DescMessage> = Omit<MessageInitShape<Schema>, "$typeName" | "$unknown" | "pageToken">;

/** Names one product. */
export type ProductKey = { readonly id: string } | { readonly sku: string };

/** Everything that ProductService does, and shorter ways to the common things. */
export type Products = Client<typeof ProductService> & {
  /**
   * Returns one product.
   *
   * @throws ConnectError PRODUCT_NOT_FOUND
   */
  get(key: ProductKey, options?: CallOptions): Promise<Product>;
  /** Returns the products that match a filter and a full-text query. */
  list(query?: ListQuery<typeof ListProductsRequestSchema>, options?: CallOptions): Pages<Product, ListProductsResponse>;
  /** Returns the history of one product, or of the whole catalog, newest first. */
  changes(
    query?: ListQuery<typeof ListProductChangesRequestSchema>,
    options?: CallOptions,
  ): Pages<ProductChange, ListProductChangesResponse>;
  /**
   * Undoes one change by a new one, and returns the product after it.
   *
   * @throws ConnectError CHANGED_SINCE if a field that the change set has another value now
   */
  revert(change: Pick<ProductChange, "sequence">, options?: CallOptions): Promise<Product>;
  /** Returns the changes of products from a cursor on, and every later one as soon as it commits; see {@link Watch}. */
  watch(query?: WatchQuery): Watch;
};

/** Everything that AdminService does, and a list over pages. */
export type Admins = Client<typeof AdminService> & {
  /** Returns the administrators, ordered by e-mail address. */
  list(query?: ListQuery<typeof ListAdminsRequestSchema>, options?: CallOptions): Pages<Admin, ListAdminsResponse>;
};

/** Everything that NotificationService does, and a list over pages. */
export type Notifications = Client<typeof NotificationService> & {
  /** Returns the deliveries of mails, newest first. */
  list(query?: ListQuery<typeof ListDeliveriesRequestSchema>, options?: CallOptions): Pages<Delivery, ListDeliveriesResponse>;
};

/** Returns a client of ProductService on a transport. Its watches wait between two streams as retries do. */
export function productsOn(transport: Transport, retry: RetryOptions = {}): Products {
  const client = createClient(ProductService, transport);
  return Object.assign(client, {
    get: async (key: ProductKey, options?: CallOptions) => productIn(await client.getProduct({ key: productKey(key) }, options)),
    revert: async ({ sequence }: Pick<ProductChange, "sequence">, options?: CallOptions) =>
      productIn(await client.revertProductChange({ sequence }, options)),
    watch: (query: WatchQuery = {}) => new Watch(client.watchProductChanges, query, retry),
    list: pagesOf(client.listProducts, (page) => page.products),
    changes: pagesOf(client.listProductChanges, (page) => page.changes),
  });
}

/** Returns a client of AdminService on a transport. */
export function adminsOn(transport: Transport): Admins {
  const client = createClient(AdminService, transport);
  return Object.assign(client, { list: pagesOf(client.listAdmins, (page) => page.admins) });
}

/** Returns a client of NotificationService on a transport. */
export function notificationsOn(transport: Transport): Notifications {
  const client = createClient(NotificationService, transport);
  return Object.assign(client, { list: pagesOf(client.listDeliveries, (page) => page.deliveries) });
}

function productIn({ product }: { product?: Product | undefined }): Product {
  if (product === undefined) throw new ConnectError("the answer holds no product", Code.Internal);
  return product;
}

/** Returns the key of a GetProductRequest. */
export function productKey(key: ProductKey): { case: "id" | "sku"; value: string } {
  return "id" in key ? { case: "id", value: key.id } : { case: "sku", value: key.sku };
}

/** Returns a function that lists with one of a client's methods. */
function pagesOf<Query extends object, Response extends Page, Item>(
  call: (request: Query & { pageToken: string }, options?: CallOptions) => Promise<Response>,
  items: (page: Response) => readonly Item[],
) {
  return (query?: Query, options?: CallOptions) =>
    new Pages((pageToken) => call({ ...(query as Query), pageToken }, options), items);
}
