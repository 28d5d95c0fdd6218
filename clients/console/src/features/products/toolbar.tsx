import { Search, SlidersHorizontal, X } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDebounced } from "@/lib/use-debounced";
import { Button } from "@/ui/button";
import { inputClass, Select } from "@/ui/field";
import { Popover } from "@/ui/popover";
import { Skeleton } from "@/ui/state";
import { messages } from "./messages";
import { filterCount, type Order, orders, type ProductsChange, type ProductsSearch } from "./search-state";

const FilterPanel = lazy(() => import("./filter-panel"));

/** What the address says about the list, and how to change it. */
export interface ToolbarProps {
  readonly search: ProductsSearch;
  readonly onChange: (change: ProductsChange, replace?: boolean) => void;
}

/** Search, filters and order above the table. All of it is in the address. */
export function Toolbar({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField q={search.q ?? ""} onSearch={(q) => onChange({ q }, true)} />
      <Popover
        label={m.filters}
        align="end"
        trigger={
          <Button>
            <SlidersHorizontal aria-hidden />
            {m.showFilters(format.number(filterCount(search)))}
          </Button>
        }
      >
        <Suspense fallback={<Skeleton className="h-80 rounded-lg" />}>
          <FilterPanel search={search} onChange={onChange} />
        </Suspense>
      </Popover>
      <SortSelect search={search} onChange={onChange} />
    </div>
  );
}

function SearchField({ q, onSearch }: { readonly q: string; readonly onSearch: (q: string | undefined) => void }) {
  const m = useMessages(messages);
  const [text, setText] = useState(q);
  const sent = useRef(q);
  const search = (words: string) => {
    sent.current = words.trim();
    onSearch(sent.current === "" ? undefined : sent.current);
  };
  const searchSoon = useDebounced(search, 180);

  // The address changed by itself: "back", or a link.
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    setText(q);
  }, [q]);

  return (
    <search className="relative block min-w-0 flex-1 basis-64">
      <Search className="pointer-events-none absolute inset-y-0 left-3 my-auto size-4 text-ink-soft" aria-hidden />
      <input
        data-search
        type="search"
        aria-label={m.search}
        aria-keyshortcuts="/"
        placeholder={m.search}
        value={text}
        maxLength={256}
        autoComplete="off"
        enterKeyHint="search"
        onChange={(event) => {
          setText(event.target.value);
          searchSoon(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") search(text);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        className={`${inputClass} h-9.5 pr-9 pl-9 pointer-coarse:h-11`}
      />
      {text !== "" && (
        <button
          type="button"
          aria-label={m.clearSearch}
          onClick={() => {
            setText("");
            search("");
          }}
          className="absolute inset-y-0 right-0 grid w-9 place-items-center rounded-lg text-ink-soft hover:text-ink pointer-coarse:w-11"
        >
          <X className="size-4" aria-hidden />
        </button>
      )}
    </search>
  );
}

function SortSelect({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  const names: readonly (readonly [Order, string])[] = [
    ["-create_time", m.newest],
    ["create_time", m.oldest],
    ["-update_time", m.lastChanged],
    ["name", m.nameAZ],
    ["brand", m.brand],
    ["sku", m.sku],
    ["price", m.cheapest],
    ["-price", m.dearest],
  ];
  const implied = search.q === undefined ? m.newest : m.bestMatch;
  const listed = names.some(([order]) => order === search.sort);
  return (
    <div className="w-48 max-sm:min-w-0 max-sm:flex-1">
      <Select
        aria-label={m.sort}
        value={search.sort ?? ""}
        onChange={(event) => onChange({ sort: orders.find((order) => order === event.target.value) })}
      >
        <option value="">{implied}</option>
        {names
          .filter(([order]) => order !== "-create_time" || search.q !== undefined)
          .map(([order, name]) => (
            <option key={order} value={order}>
              {name}
            </option>
          ))}
        {search.sort !== undefined && !listed && <option value={search.sort}>↓ {m[fieldOf(search.sort)]}</option>}
      </Select>
    </div>
  );
}

function fieldOf(order: Order): "name" | "brand" | "sku" | "updated" {
  const field = order.replace("-", "");
  return field === "name" || field === "brand" || field === "sku" ? field : "updated";
}

interface ActiveFiltersProps extends ToolbarProps {
  readonly onReset: () => void;
}

/** What narrows the table, each to be taken back. */
export function ActiveFilters({ search, onChange, onReset }: ActiveFiltersProps) {
  const m = useMessages(messages);
  const format = useFormat();
  if (filterCount(search) === 0) return null;
  const { brand = [], tag, min, max, currency, deleted } = search;
  const amount = (value: string) => (currency === undefined ? value : format.money({ amount: value, currencyCode: currency }));
  const price = [min !== undefined && m.priceFrom(amount(min)), max !== undefined && m.priceTo(amount(max))]
    .filter(Boolean)
    .join(" ");
  const chips: { readonly text: string; readonly without: ProductsChange }[] = [
    ...brand.map((name) => ({
      text: name,
      without: { brand: brand.length === 1 ? undefined : brand.filter((other) => other !== name) },
    })),
    ...(tag === undefined ? [] : [{ text: `#${tag}`, without: { tag: undefined } }]),
    ...(min === undefined && max === undefined && currency === undefined
      ? []
      : [{ text: price || (currency ?? ""), without: { min: undefined, max: undefined, currency: undefined } }]),
    ...(deleted === undefined ? [] : [{ text: m.withDeleted, without: { deleted: undefined } }]),
  ];
  return (
    <ul aria-label={m.activeFilters} className="mb-3 flex flex-wrap items-center gap-2">
      {chips.map(({ text, without }) => (
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
