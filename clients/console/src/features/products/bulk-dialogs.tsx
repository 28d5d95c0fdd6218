import { type MoneyValue, multiplyMoney, type Product, parseMoney } from "@zebrands/catalog";
import { ArrowRight } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { priceOf } from "@/lib/product/fields";
import { typedAmount } from "@/lib/typed-amount";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import type { Change } from "./bulk";
import { messages } from "./messages";
import { currencyCodes, percentFactor, plainPercent } from "./money";
import { upperCase } from "./upper-case";

interface BulkDialogProps {
  /** Live ones only. */
  readonly products: readonly Product[];
  readonly onClose: () => void;
  readonly onApply: (change: Change) => void;
}

const modes = ["set", "raise", "lower"] as const;
type Mode = (typeof modes)[number];

/** Sets the prices of many products, or moves them by a percentage, and shows what that does before it does. */
export function BulkPriceDialog({ products, onClose, onApply }: BulkDialogProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [mode, setMode] = useState<Mode>("raise");
  const [text, setText] = useState("");
  const [currency, setCurrency] = useState(() => products[0]?.price?.currencyCode ?? "USD");
  const next = priceChange(mode, text, currency, format.locale);
  const hint = mode === "set" ? m.notAnAmount(typedAmount("129.90", format.locale)) : m.notAPercent;
  return (
    <Dialog open onOpenChange={onClose} title={m.changePrice}>
      <Form
        onSubmit={async () => {
          if (next !== undefined) onApply((product) => ({ price: next(priceOf(product)) }));
        }}
      >
        <div className="flex gap-3">
          <SelectField
            label={m.change}
            name="mode"
            value={mode}
            onChange={(event) => setMode(modes.find((item) => item === event.target.value) ?? "raise")}
            className="flex-1"
          >
            <option value="raise">{m.raiseBy}</option>
            <option value="lower">{m.lowerBy}</option>
            <option value="set">{m.setTo}</option>
          </SelectField>
          <TextField
            label={mode === "set" ? m.amount : `${m.percent} (%)`}
            name="value"
            required
            autoFocus
            inputMode="decimal"
            autoComplete="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              const wrong =
                event.target.value !== "" && priceChange(mode, event.target.value, currency, format.locale) === undefined;
              event.target.setCustomValidity(wrong ? hint : "");
            }}
            className="flex-1"
          />
          {mode === "set" && (
            <TextField
              label={m.currency}
              name="currency"
              required
              list="bulk-currencies"
              minLength={3}
              maxLength={3}
              autoComplete="off"
              value={currency}
              onInput={upperCase}
              onChange={(event) => setCurrency(event.target.value.toUpperCase())}
              className="w-24"
            />
          )}
          <datalist id="bulk-currencies">
            {currencyCodes().map((code) => (
              <option key={code} value={code} />
            ))}
          </datalist>
        </div>
        {next !== undefined && <PricePreview products={products} next={next} rounded={mode !== "set"} />}
        <DialogActions>
          <Button onClick={onClose}>{m.cancel}</Button>
          <SubmitButton>{m.applyTo(format.number(products.length), products.length === 1)}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** Returns what a price becomes, or undefined if the text says nothing clear. Amounts are decimal text throughout. */
export function priceChange(
  mode: Mode,
  text: string,
  currency: string,
  locale: string,
): ((price: MoneyValue) => MoneyValue) | undefined {
  if (text.trim() === "") return undefined;
  if (mode === "set") {
    if (!/^[A-Z]{3}$/.test(currency)) return undefined;
    const price = parseMoney(text, currency, locale);
    return price && (() => price);
  }
  const percent = plainPercent(text);
  if (!/^[0-9.]+$/.test(percent)) return undefined;
  const factor = percentFactor(mode === "lower" ? `-${percent}` : percent);
  return factor === undefined ? undefined : (price) => multiplyMoney(price, factor, "half-up");
}

interface PricePreviewProps {
  readonly products: readonly Product[];
  readonly next: (price: MoneyValue) => MoneyValue;
  readonly rounded: boolean;
}

function PricePreview({ products, next, rounded }: PricePreviewProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const shown = products.slice(0, 4);
  return (
    <section aria-live="polite" className="rounded-xl bg-sunken px-4 py-3 text-sm">
      <h3 className="mb-1.5 font-medium">{m.example}</h3>
      <ul className="flex flex-col gap-1">
        {shown.map((product) => {
          const before = priceOf(product);
          return (
            <li key={product.id} className="flex items-baseline gap-3">
              <span className="min-w-0 flex-1 truncate">{product.name}</span>
              <span className="inline-flex items-center gap-1.5 tabular-nums">
                <span className="text-ink-soft">{format.money(before)}</span>
                <ArrowRight className="size-3.5 text-ink-soft" aria-hidden />
                <span className="font-medium">{format.money(next(before))}</span>
              </span>
            </li>
          );
        })}
      </ul>
      <p className="mt-1.5 text-xs text-ink-soft">
        {products.length > shown.length && `${m.andMore(format.number(products.length - shown.length))}. `}
        {rounded && m.roundedNote}
      </p>
    </section>
  );
}

/** Adds a tag to many products, or removes one that some of them have. */
export function BulkTagDialog({ products, onClose, onApply }: BulkDialogProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [mode, setMode] = useState<"add" | "remove">("add");
  const known = [...new Set(products.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b));
  return (
    <Dialog open onOpenChange={onClose} title={m.tagAction}>
      <Form
        onSubmit={async (data) => {
          const tag = String(data.get("tag")).trim();
          onApply(({ tags }) => ({
            tags: mode === "remove" ? tags.filter((other) => other !== tag) : tags.includes(tag) ? tags : [...tags, tag],
          }));
        }}
      >
        <div className="flex gap-3">
          <SelectField
            label={m.change}
            name="mode"
            value={mode}
            onChange={(event) => setMode(event.target.value === "remove" ? "remove" : "add")}
            className="flex-1"
          >
            <option value="add">{m.addTag}</option>
            <option value="remove" disabled={known.length === 0}>
              {m.removeTag}
            </option>
          </SelectField>
          {mode === "add" ? (
            <TextField
              key="add"
              label={m.tag}
              name="tag"
              required
              autoFocus
              maxLength={maxLengths["product.tags[]"]}
              list="bulk-tags"
              autoComplete="off"
              className="flex-1"
            />
          ) : (
            <SelectField key="remove" label={m.tag} name="tag" required className="flex-1">
              {known.map((tag) => (
                <option key={tag}>{tag}</option>
              ))}
            </SelectField>
          )}
          <datalist id="bulk-tags">
            {known.map((tag) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
        </div>
        <DialogActions>
          <Button onClick={onClose}>{m.cancel}</Button>
          <SubmitButton>{m.applyTo(format.number(products.length), products.length === 1)}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
