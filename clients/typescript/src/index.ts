/**
 * The catalog from browsers, and whatever else has fetch.
 *
 * @packageDocumentation
 */
export { create } from "@bufbuild/protobuf";
export { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
export { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
export { type Catalog, type CatalogOptions, createCatalog, createProducts, type SessionOptions } from "./catalog.js";
export type { Admins, ListQuery, Notifications, ProductKey, Products } from "./clients.js";
export {
  errorMetadata,
  type FieldViolation,
  fieldViolations,
  isReason,
  reasonOf,
  retryDelay,
} from "./errors.js";
export * from "./gen/catalog/v1/admin_pb.js";
export * from "./gen/catalog/v1/auth_pb.js";
export * from "./gen/catalog/v1/money_pb.js";
export * from "./gen/catalog/v1/notification_pb.js";
export * from "./gen/catalog/v1/product_pb.js";
export * from "./gen/catalog/v1/tracking_pb.js";
export {
  addMoney,
  compareMoney,
  formatMoney,
  type MoneyValue,
  multiplyMoney,
  parseMoney,
  type Rounding,
} from "./money.js";
export { lockPages } from "./page-lock.js";
export { type Page, Pages } from "./pages.js";
export { errorDomain, type FieldReason, fieldReasons, type Reason, reasons } from "./reasons.js";
export type { ReauthenticationHandler } from "./reauthentication.js";
export type { RetryOptions } from "./retry.js";
export { type Proof, Session as CatalogSession, type SessionListener } from "./session.js";
export { browserTokenStore, memoryTokenStore, type SignOutReason, type TokenStore, type Tokens } from "./tokens.js";
export type { TransportOptions, WebTransportOptions } from "./transport.js";
export { Watch, type WatchQuery } from "./watch.js";
