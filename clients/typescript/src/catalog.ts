import type { Interceptor } from "@connectrpc/connect";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { type Admins, adminsOn, type Notifications, notificationsOn, type Products, productsOn } from "./clients.js";
import { AuthService } from "./gen/catalog/v1/auth_pb.js";
import { TrackingService } from "./gen/catalog/v1/tracking_pb.js";
import { type ReauthenticationHandler, withReauthentication } from "./reauthentication.js";
import { Session, sessionInterceptor } from "./session.js";
import { memoryTokenStore, type TokenStore } from "./tokens.js";
import { createWebTransport, type TransportOptions, type WebTransportOptions } from "./transport.js";

/** A client for every service of the catalog, on one session. */
export interface Catalog {
  /** Reads and changes products. Anybody may read. */
  readonly products: Products;
  /** Looks after administrators. */
  readonly admins: Admins;
  /** Passwords, invitations and sessions. What answers with tokens signs in by itself. */
  readonly auth: Client<typeof AuthService>;
  /** Mails about changes. */
  readonly notifications: Notifications;
  /** How often products were looked at. */
  readonly tracking: Client<typeof TrackingService>;
  /** Who is signed in. */
  readonly session: Session;
  /** What carries the calls, with the session: for connect-query, and for clients of your own. */
  readonly transport: Transport;
}

/** What every kind of catalog client can be told about its session. */
export interface SessionOptions {
  /** Keeps the session's tokens. Default: {@link memoryTokenStore}. */
  readonly tokenStore?: TokenStore;
  /**
   * Is called when a call fails with REAUTHENTICATION_REQUIRED: it asks for a password or a passkey, calls
   * {@link Session.reauthenticate} and returns true; then the call is made once more. If it returns false, the call fails with the
   * error. Default: the call fails.
   */
  readonly onReauthenticationRequired?: ReauthenticationHandler;
}

/** Options of {@link createCatalog}. */
export interface CatalogOptions extends WebTransportOptions, SessionOptions {}

/**
 * Returns a client for every service, for browsers and whatever else has fetch. It makes no call by itself.
 *
 * @example
 * ```ts
 * const catalog = createCatalog({ baseUrl: "https://catalog.example.com" });
 * await catalog.session.signIn({ email, password });
 * for await (const product of catalog.products.list({ query: "headphones" })) {
 *   console.log(product.name, formatMoney(product.price));
 * }
 * ```
 */
export function createCatalog(options: CatalogOptions): Catalog {
  return assemble(options, (interceptors) => createWebTransport(options, interceptors));
}

/**
 * Returns an anonymous reader of products alone, for pages where every kilobyte counts.
 *
 * @example
 * ```ts
 * const products = createProducts({ baseUrl: "https://catalog.example.com" });
 * const product = await products.get({ sku: "WH-1000XM5" });
 * ```
 */
export function createProducts(options: WebTransportOptions): Products {
  return productsOn(createWebTransport(options), options.retry || undefined);
}

/** @internal Puts a catalog together from options and something that makes a transport with the session's interceptors. */
export function assemble(
  { tokenStore = memoryTokenStore(), onReauthenticationRequired, retry }: SessionOptions & Pick<TransportOptions, "retry">,
  connect: (session: Interceptor[]) => Transport,
): Catalog {
  const session: Session = new Session(tokenStore, () => auth);
  const connected = connect([sessionInterceptor(session)]);
  const transport =
    onReauthenticationRequired === undefined ? connected : withReauthentication(connected, onReauthenticationRequired);
  const auth = createClient(AuthService, transport);
  return {
    products: productsOn(transport, retry || undefined),
    admins: adminsOn(transport),
    auth,
    notifications: notificationsOn(transport),
    tracking: createClient(TrackingService, transport),
    session,
    transport,
  };
}
