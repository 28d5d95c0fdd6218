export { type Format, type Instant, toDate, useFormat } from "./format";
export { defineMessages, type Messages, useMessages } from "./messages";
