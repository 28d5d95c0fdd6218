import type { MoneyValue } from "@zebrands/catalog";
import clsx from "clsx";
import { useFormat, useMessages } from "@/i18n";
import type { FieldName } from "./fields";
import { messages } from "./messages";

interface FieldValueProps {
  readonly field: FieldName;
  /** As in the product, or as in the JSON form of the history. */
  readonly value: unknown;
  readonly short?: boolean;
}

/** The value of a product's field, as people read it. */
export function FieldValue({ field, value, short = false }: FieldValueProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const text = asText(field, value, format.money, format.list);
  return text === "" ? (
    <span className="text-ink-soft">{m.none}</span>
  ) : (
    <span
      className={clsx(
        "wrap-anywhere",
        short ? "line-clamp-2" : "whitespace-pre-line",
        field === "price" && "font-medium tabular-nums",
      )}
    >
      {text}
    </span>
  );
}

function asText(
  field: FieldName,
  value: unknown,
  money: (value: MoneyValue) => string,
  list: (items: readonly string[]) => string,
): string {
  if (value === undefined || value === null) return "";
  if (field === "price") {
    const price = moneyOf(value);
    return price === undefined ? "" : money(price);
  }
  if (Array.isArray(value)) return field === "image_urls" ? value.join("\n") : list(value.map(String));
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, entry]) => `${key}: ${entry}`)
      .sort()
      .join("\n");
  }
  return String(value);
}

/** Returns money as a message or its JSON form has it. */
export function moneyOf(value: unknown): MoneyValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { amount, currencyCode, currency_code } = value as Partial<Record<"amount" | "currencyCode" | "currency_code", unknown>>;
  const code = currencyCode ?? currency_code;
  return typeof amount === "string" && typeof code === "string" ? { amount, currencyCode: code } : undefined;
}
