import clsx from "clsx";
import { useFormat, useMessages } from "@/i18n";
import { type FieldName, fieldText, rulesOf } from "@/lib/product/fields";
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
  const text = fieldText(field, value, useFormat());
  return text === "" ? (
    <span className="text-ink-soft">{m.none}</span>
  ) : (
    <span
      className={clsx(
        "wrap-anywhere",
        short ? "line-clamp-2" : "whitespace-pre-line",
        rulesOf(field).look === "figure" && "font-medium tabular-nums",
      )}
    >
      {text}
    </span>
  );
}
