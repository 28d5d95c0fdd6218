import { X } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { filtersPrice, noPrice, type ProductFilters } from "@/lib/product-filters";
import { messages } from "./messages";

type Change<T> = { readonly [K in keyof T]?: T[K] | undefined };

interface ActiveFiltersProps<T> {
  readonly filters: T;
  /** Further filters of the page: what each is called, and what to change to be without. */
  readonly more?: readonly (readonly [text: string, without: Change<T>])[];
  readonly onChange: (change: Change<T>) => void;
  readonly onReset: () => void;
}

/** What narrows a list of products, each to be taken back. */
export function ActiveFilters<T extends ProductFilters>({ filters, more = [], onChange, onReset }: ActiveFiltersProps<T>) {
  const m = useMessages(messages);
  const format = useFormat();
  const { brand = [], tag, min, max, currency }: ProductFilters = filters;
  const amount = (value: string) => (currency === undefined ? value : format.money({ amount: value, currencyCode: currency }));
  const price = [min !== undefined && m.priceFrom(amount(min)), max !== undefined && m.priceTo(amount(max))];
  const common: (readonly [string, Change<ProductFilters>])[] = [
    ...brand.map((name) => {
      const others = brand.filter((other) => other !== name);
      return [name, { brand: others.length === 0 ? undefined : others }] as const;
    }),
    ...(tag === undefined ? [] : [[`#${tag}`, { tag: undefined }] as const]),
    ...(filtersPrice(filters) ? [[price.filter(Boolean).join(" ") || (currency ?? ""), noPrice] as const] : []),
  ];
  const chips = [...(common as (readonly [string, Change<T>])[]), ...more];
  if (chips.length === 0) return null;
  return (
    <ul aria-label={m.activeFilters} className="mb-4 flex flex-wrap items-center gap-2">
      {chips.map(([text, without]) => (
        <li key={text} className="max-w-full">
          <button
            type="button"
            aria-label={m.removeFilter(text)}
            onClick={() => onChange(without)}
            className="inline-flex h-8 max-w-full items-center gap-1.5 rounded-full bg-accent-soft pr-2 pl-3 text-sm text-accent-ink hover:bg-sunken pointer-coarse:h-10"
          >
            <span className="truncate">{text}</span>
            <X className="size-3.5 shrink-0" aria-hidden />
          </button>
        </li>
      ))}
      <li>
        <button
          type="button"
          onClick={onReset}
          className="h-8 rounded-full px-2 text-sm text-ink-soft underline-offset-4 hover:underline pointer-coarse:h-10"
        >
          {m.clearAll}
        </button>
      </li>
    </ul>
  );
}
