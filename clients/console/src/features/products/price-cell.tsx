import { fieldViolations, type MoneyValue, type Product, parseMoney } from "@zebrands/catalog";
import clsx from "clsx";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { sentence, useDescribeError, useDescribeViolation } from "@/lib/errors";
import { priceOf } from "@/lib/product/fields";
import { typedAmount } from "@/lib/typed-amount";
import { messages } from "./messages";

interface PriceCellProps {
  readonly product: Product;
  readonly editing: boolean;
  readonly onEdit: (editing: boolean) => void;
  /** Saves a new price. What it throws is shown at the input. */
  readonly onSave: (price: MoneyValue) => Promise<void>;
  readonly className?: string;
}

/** A price that turns into an input: Enter saves, Escape gives up. */
export function PriceCell({ product, editing, onEdit, onSave, className }: PriceCellProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const button = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !editing && document.activeElement === document.body) button.current?.focus();
    wasEditing.current = editing;
  }, [editing]);
  const price = priceOf(product);
  if (product.deleteTime !== undefined)
    return <span className={clsx("text-ink-soft tabular-nums", className)}>{format.money(price)}</span>;
  if (editing) return <PriceInput product={product} onClose={() => onEdit(false)} onSave={onSave} />;
  return (
    <button
      ref={button}
      type="button"
      aria-label={`${format.money(price)}. ${m.editPrice(product.name)}`}
      onClick={() => onEdit(true)}
      className={clsx(
        "-mx-2 h-8 rounded-md border border-transparent px-2 font-medium tabular-nums hover:border-line-strong hover:bg-surface pointer-coarse:h-11",
        className,
      )}
    >
      {format.money(price)}
    </button>
  );
}

function PriceInput({ product, onClose, onSave }: Pick<PriceCellProps, "product" | "onSave"> & { readonly onClose: () => void }) {
  const m = useMessages(messages);
  const { locale } = useFormat();
  const describe = useDescribeError();
  const describeViolation = useDescribeViolation();
  const before = priceOf(product);
  const [text, setText] = useState(() => typedAmount(before.amount, locale));
  const [error, setError] = useState<string>();
  const [saving, setSaving] = useState(false);
  const errorId = useId();

  async function save() {
    if (saving) return;
    const price = parseMoney(text, before.currencyCode, locale);
    if (price === undefined) return setError(m.notAnAmount(typedAmount("129.90", locale)));
    if (price.amount === before.amount) return onClose();
    setSaving(true);
    try {
      await onSave(price);
      onClose();
    } catch (thrown) {
      const [violation] = fieldViolations(thrown);
      setError(violation === undefined ? describe(thrown) : sentence(describeViolation(violation)));
      setSaving(false);
    }
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") void save();
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };

  return (
    <span className="relative -mx-2 inline-flex items-center gap-1.5">
      <span className="text-xs text-ink-soft">{before.currencyCode}</span>
      <input
        // biome-ignore lint/a11y/noAutofocus: the person asked for this input.
        autoFocus
        value={text}
        inputMode="decimal"
        autoComplete="off"
        readOnly={saving}
        aria-label={m.newPrice(product.name)}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error === undefined ? undefined : errorId}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => {
          setText(event.target.value);
          setError(undefined);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          if (error === undefined) void save();
        }}
        className={clsx(
          "h-8 w-28 rounded-md border border-accent bg-surface px-2 text-right font-medium tabular-nums aria-invalid:border-danger max-sm:text-base pointer-coarse:h-11",
          saving && "animate-pulse",
        )}
      />
      {error !== undefined && (
        <span
          id={errorId}
          role="alert"
          className="absolute top-full right-0 z-20 mt-1 w-56 rounded-lg border border-line bg-raised px-3 py-2 text-left text-xs whitespace-normal text-danger-ink shadow-float"
        >
          {error}
        </span>
      )}
    </span>
  );
}
