import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { useMemo, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { fieldWords } from "@/lib/product/fields";
import { Badge, type Tone } from "@/ui/badge";
import { messages } from "./messages";
import { type Entry, type Kind, kinds } from "./outcome";
import { useProblemText } from "./problem-text";

interface EntryListProps {
  readonly entries: readonly Entry[];
  readonly counts: Readonly<Record<Kind, number>>;
  /** Whether it has happened, or only would. */
  readonly done: boolean;
}

const tones: Record<Kind, Tone> = { created: "success", updated: "accent", unchanged: "neutral", failed: "danger" };

/** The rows of a file with what becomes of each, by kind. Only those in sight are in the page. */
export function EntryList({ entries, counts, done }: EntryListProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [kind, setKind] = useState<Kind | "all">(counts.failed > 0 ? "failed" : "all");
  const shown = useMemo(() => (kind === "all" ? entries : entries.filter((entry) => entry.kind === kind)), [entries, kind]);
  const choices = [
    ["all", m.all, entries.length] as const,
    ...kinds.filter((item) => counts[item] > 0).map((item) => [item, m[item], counts[item]] as const),
  ];
  const scroller = useRef<HTMLElement>(null);
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 57,
    // Rows have different heights: a measurement belongs to the line, whatever its place in the list.
    getItemKey: (index) => shown[index]?.line ?? index,
    overscan: 8,
  });
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface shadow-card">
      <fieldset className="flex flex-wrap gap-1 border-b border-line bg-canvas p-2">
        <legend className="sr-only">{done ? m.stateDone : m.state}</legend>
        {choices.map(([value, label, count]) => (
          <button
            key={value}
            type="button"
            aria-pressed={kind === value}
            onClick={() => setKind(value)}
            className="h-8 shrink-0 rounded-lg px-3 text-sm font-medium text-ink-soft hover:bg-sunken aria-pressed:bg-accent-soft aria-pressed:text-accent-ink pointer-coarse:h-11"
          >
            {label} <span className="tabular-nums">{format.number(count)}</span>
          </button>
        ))}
      </fieldset>
      <section
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
        tabIndex={0}
        aria-label={m.rows}
        className="max-h-[28rem] overflow-y-auto focus-visible:-outline-offset-2"
      >
        {shown.length === 0 && <p className="p-8 text-center text-sm text-ink-soft">{m.noRows}</p>}
        <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const entry = shown[index];
            return (
              entry !== undefined && (
                <li
                  key={entry.line}
                  ref={virtualizer.measureElement}
                  data-index={index}
                  style={{ transform: `translateY(${start}px)` }}
                  className={clsx(
                    "absolute inset-x-0 top-0 border-b border-line px-4 py-2",
                    entry.kind === "failed" && "bg-danger-soft/40",
                  )}
                >
                  <EntryRow entry={entry} />
                </li>
              )
            );
          })}
        </ul>
      </section>
    </div>
  );
}

function EntryRow({ entry: { line, product, kind, fields, problems } }: { readonly entry: Entry }) {
  const m = useMessages(messages);
  const format = useFormat();
  const problemText = useProblemText();
  const names: Record<Kind, string> = { created: m.willCreate, updated: m.willUpdate, unchanged: m.willStay, failed: m.willFail };
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-1 text-sm">
      <span className="w-12 shrink-0 pt-0.5 text-right text-xs text-ink-soft tabular-nums">
        <span className="sr-only">{m.line} </span>
        {line}
      </span>
      <span className="min-w-0 flex-1 basis-48">
        <span className="block truncate font-medium">{product?.name || "–"}</span>
        {problems.length > 0 ? (
          problems.map((problem) => {
            const text = problemText(problem);
            return (
              <span key={text} className="block text-xs text-danger-ink wrap-anywhere">
                {text}
              </span>
            );
          })
        ) : (
          <span className="block truncate text-xs text-ink-soft">
            {product !== undefined && `${product.sku} · ${product.brand}`}
            {fields.length > 0 && ` · ${m.fieldsChange(format.list(fieldWords(fields, m)))}`}
          </span>
        )}
      </span>
      <span className="flex items-center gap-3 max-sm:w-full max-sm:pl-16">
        <span className="tabular-nums">{priceText(product?.price, format.money)}</span>
        {kind !== undefined && <Badge tone={tones[kind]}>{names[kind]}</Badge>}
      </span>
    </div>
  );
}

/** Returns a price as people read it; as it stands in the file if it is none. */
function priceText(
  price: { readonly amount: string; readonly currencyCode: string } | undefined,
  money: (price: { amount: string; currencyCode: string }) => string,
): string {
  if (price === undefined) return "";
  const sound = /^[0-9]+(\.[0-9]+)?$/.test(price.amount) && /^[A-Z]{3}$/.test(price.currencyCode);
  return sound ? money(price) : `${price.amount} ${price.currencyCode}`;
}
