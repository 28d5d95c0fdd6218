// Made by scripts/reasons.mjs from internal/fault. Do not edit.

/** The domain of every reason, as in google.rpc.ErrorInfo. */
export const errorDomain = "catalog.zebrands.com";

/** Every reason that the server gives for an error. docs/errors.md says what each one means. */
export const reasons = [
  "ACCESS_UNDEFINED",
  "ADMIN_NOT_DELETED",
  "ADMIN_NOT_FOUND",
  "ADMIN_NOT_INVITED",
  "ADMIN_REQUIRED",
  "CHANGED_SINCE",
  "CHANGE_NOT_FOUND",
  "CONCURRENT_CHANGE",
  "CONTENT_TYPE_INVALID",
  "CROSS_SITE_REFUSED",
  "CURRENCY_INVALID",
  "CURSOR_INVALID",
  "DATABASE_UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "DELIVERY_NOT_FOUND",
  "DELIVERY_NOT_RETRYABLE",
  "EMAIL_TAKEN",
  "ETAG_MISMATCH",
  "FIELD_INVALID",
  "FILTER_INVALID",
  "IF_MATCH_UNSUPPORTED",
  "INTERNAL",
  "LAST_ADMIN",
  "MAILBOX_MESSAGE_NOT_FOUND",
  "MAILBOX_NOT_IN_USE",
  "METHOD_NOT_FOUND",
  "MONEY_INVALID",
  "ONE_TIME_TOKEN_INVALID",
  "ORDER_BY_INVALID",
  "PAGE_TOKEN_INVALID",
  "PASSWORD_INCORRECT",
  "PRODUCT_DELETED",
  "PRODUCT_NOT_DELETED",
  "PRODUCT_NOT_FOUND",
  "PROTOCOL_INVALID",
  "RATE_LIMITED",
  "REFRESH_TOKEN_INVALID",
  "REFRESH_TOKEN_REUSED",
  "REQUEST_CANCELED",
  "REQUEST_ID_REUSED",
  "REQUEST_MALFORMED",
  "REQUEST_TOO_LARGE",
  "SERVER_OVERLOADED",
  "SERVICE_NOT_SERVED",
  "SESSION_ENDED",
  "SESSION_NOT_FOUND",
  "SETUP_COMPLETE",
  "SHUTTING_DOWN",
  "SIGN_IN_FAILED",
  "SIGN_IN_THROTTLED",
  "SKU_TAKEN",
  "TOKEN_EXPIRED",
  "TOKEN_INVALID",
  "TOKEN_REQUIRED",
  "TOO_MANY_STREAMS",
  "UPDATE_MASK_INVALID",
  "WEBHOOK_SIGNATURE_INVALID",
] as const;

/** Why the server refused a call: stable, unlike the text of the error. */
export type Reason = (typeof reasons)[number];

/** Every reason that the server gives for a field alone. docs/errors.md says what each one means. */
export const fieldReasons = [
  "CONTROL_CHARACTERS",
  "NEGATIVE",
  "NOT_AN_EMAIL_ADDRESS",
  "NOT_A_DECIMAL",
  "NOT_A_UUID",
  "NOT_A_WEB_ADDRESS",
  "NOT_UNIQUE",
  "ONE_CHARACTER",
  "OUT_OF_RANGE",
  "REQUIRED",
  "SAME_AS_EMAIL",
  "TOO_LARGE",
  "TOO_LONG",
  "TOO_MANY",
  "TOO_MANY_DECIMALS",
  "TOO_SHORT",
  "UNKNOWN_CURRENCY",
  "UNKNOWN_VALUE",
] as const;

/** What is wrong with a field: stable, unlike its description. That of the whole error, if the field breaks none of these rules. */
export type FieldReason = (typeof fieldReasons)[number] | Reason;
