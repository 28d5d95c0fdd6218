import { useQuery } from "@tanstack/react-query";
import { parseMoney } from "@zebrands/catalog";
import { Search, SlidersHorizontal, X } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDebounced } from "@/lib/use-debounced";
import { Button } from "@/ui/button";
import { inputClass, Select } from "@/ui/field";
import { Popover } from "@/ui/popover";
import { Checkbox, Switch } from "@/ui/toggle";
import { brandOptions } from "./data";
import { messages } from "./messages";
import { currencyCodes, typedAmount } from "./money";
import { filterCount, type Order, orders, type ProductsChange, type ProductsSearch } from "./search-state";

interface ToolbarProps {
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
        <div className="flex flex-col gap-5">
          <BrandFilter search={search} onChange={onChange} />
          <PriceFilter key={`${search.min} ${search.max} ${search.currency}`} search={search} onChange={onChange} />
          <TagFilter key={search.tag} search={search} onChange={onChange} />
          <Switch
            label={m.showDeleted}
            checked={search.deleted === "1"}
            onCheckedChange={(shown) => onChange({ deleted: shown ? "1" : undefined })}
          />
        </div>
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

/** Brands to tick; those that are ticked stay on top. */
function BrandFilter({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [query, setQuery] = useState("");
  const brands = useQuery(brandOptions(query)).data?.brands ?? [];
  const ticked = search.brand ?? [];
  const rows = [
    ...ticked.map((name) => brands.find((brand) => brand.name === name) ?? { name, productCount: undefined }),
    ...brands.filter(({ name }) => !ticked.includes(name)),
  ];
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">{m.brand}</legend>
      <input
        type="search"
        aria-label={m.findBrand}
        placeholder={m.findBrand}
        value={query}
        onChange={(event) => setQuery(event.target.value.slice(0, 100))}
        className={`${inputClass} h-9.5 pointer-coarse:h-11`}
      />
      <div className="mt-2 max-h-44 overflow-y-auto">
        {rows.length === 0 && <p className="py-2 text-sm text-ink-soft">{m.noBrand}</p>}
        {rows.map(({ name, productCount }) => (
          <BrandRow
            key={name}
            name={name}
            count={productCount === undefined ? "" : format.number(productCount)}
            checked={ticked.includes(name)}
            onToggle={(checked) => {
              const next = checked ? [...ticked, name] : ticked.filter((other) => other !== name);
              onChange({ brand: next.length === 0 ? undefined : next });
            }}
          />
        ))}
      </div>
    </fieldset>
  );
}

interface BrandRowProps {
  readonly name: string;
  readonly count: string;
  readonly checked: boolean;
  readonly onToggle: (checked: boolean) => void;
}

function BrandRow({ name, count, checked, onToggle }: BrandRowProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the checkbox is Radix's, a button, which a label may name.
    <label className="flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-1 text-sm hover:bg-sunken pointer-coarse:min-h-11">
      <Checkbox checked={checked} onCheckedChange={(state) => onToggle(state === true)} />
      <span className="min-w-0 flex-1 truncate">{name}</span>
      <span className="text-xs text-ink-soft tabular-nums">{count}</span>
    </label>
  );
}

/** Bounds of the price in one currency, or of the bare amount in any. */
function PriceFilter({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  const { locale } = useFormat();
  const [wrong, setWrong] = useState(false);
  function apply(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const currency = String(data.get("currency") ?? "");
    const read = (name: string) => {
      const text = String(data.get(name) ?? "").trim();
      return text === "" ? "" : parseMoney(text, currency || "USD", locale)?.amount;
    };
    const [min, max] = [read("min"), read("max")];
    setWrong(min === undefined || max === undefined);
    if (min === undefined || max === undefined) return;
    onChange({ min: min || undefined, max: max || undefined, currency: currency || undefined });
  }
  const bound = (name: "min" | "max", label: string) => (
    <label className="min-w-0 flex-1 text-xs text-ink-soft">
      {label}
      <input
        name={name}
        inputMode="decimal"
        autoComplete="off"
        defaultValue={typedAmount(search[name] ?? "", locale)}
        className={`${inputClass} mt-1 h-9.5 pointer-coarse:h-11`}
      />
    </label>
  );
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">{m.price}</legend>
      <form onSubmit={apply} className="flex flex-wrap items-end gap-2">
        {bound("min", m.from)}
        {bound("max", m.to)}
        <label className="w-20 text-xs text-ink-soft">
          {m.currency}
          <input
            name="currency"
            list="filter-currencies"
            placeholder={m.anyCurrency}
            maxLength={3}
            defaultValue={search.currency}
            onInput={upperCase}
            className={`${inputClass} mt-1 h-9.5 px-2! pointer-coarse:h-11`}
          />
        </label>
        <datalist id="filter-currencies">
          {currencyCodes().map((code) => (
            <option key={code} value={code} />
          ))}
        </datalist>
        <Button type="submit" className="w-full">
          {m.apply}
        </Button>
        {wrong && (
          <p role="alert" className="text-sm text-danger-ink">
            {m.notAnAmount(typedAmount("129.90", locale))}
          </p>
        )}
      </form>
    </fieldset>
  );
}

/** For inputs of codes: makes what is typed capitals. */
export function upperCase(event: FormEvent<HTMLInputElement>): void {
  event.currentTarget.value = event.currentTarget.value.toUpperCase();
}

function TagFilter({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const tag = String(new FormData(event.currentTarget).get("tag") ?? "").trim();
        onChange({ tag: tag || undefined });
      }}
    >
      <label className="text-sm font-medium">
        {m.tag}
        <input
          name="tag"
          autoComplete="off"
          maxLength={120}
          defaultValue={search.tag}
          className={`${inputClass} mt-1.5 h-9.5 font-normal pointer-coarse:h-11`}
        />
      </label>
    </form>
  );
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
