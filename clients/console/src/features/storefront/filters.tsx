import { useQuery } from "@tanstack/react-query";
import { parseMoney } from "@zebrands/catalog";
import { type FormEvent, useId, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { typedAmount } from "@/lib/typed-amount";
import { useDebounced } from "@/lib/use-debounced";
import { Button } from "@/ui/button";
import { inputClass, Select } from "@/ui/field";
import { Skeleton } from "@/ui/state";
import { messages } from "./messages";
import { brandOptions } from "./queries";
import type { ShopSearch } from "./search-state";

interface FilterProps {
  readonly search: ShopSearch;
  readonly onChange: (change: { [K in keyof ShopSearch]?: ShopSearch[K] | undefined }) => void;
}

/** Brands to tick. The ones that are ticked stay on top while others are looked for. */
export function BrandFilter({ search, onChange }: FilterProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [query, setQuery] = useState("");
  const querySoon = useDebounced(setQuery, 180);
  const brands = useQuery(brandOptions(query));
  const chosen = search.brand ?? [];
  const found = brands.data ?? [];
  const listed = [
    ...chosen.map((name) => ({ name, productCount: found.find((brand) => brand.name === name)?.productCount })),
    ...found.filter((brand) => !chosen.includes(brand.name)),
  ];
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name];
    onChange({ brand: next.length === 0 ? undefined : next });
  };
  return (
    <fieldset className="min-w-0">
      <legend className="text-sm font-semibold">{m.brand}</legend>
      <input
        type="search"
        aria-label={m.findBrand}
        placeholder={m.findBrand}
        autoComplete="off"
        maxLength={maxLengths.brandQuery}
        onChange={(event) => querySoon(event.target.value.trim())}
        className={`${inputClass} mt-2.5 h-9 pointer-coarse:h-11`}
      />
      <ul className="-mx-2 mt-2 max-h-72 overflow-y-auto">
        {brands.isPending && [0, 1, 2, 3, 4].map((n) => <Skeleton key={n} className="mx-2 my-2.5 h-4" />)}
        {listed.map(({ name, productCount }) => (
          <li key={name}>
            <label className="flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-2 text-sm hover:bg-sunken pointer-coarse:min-h-11">
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                onChange={() => toggle(name)}
                className="size-4 shrink-0 accent-accent"
              />
              <span className="min-w-0 flex-1 truncate">{name}</span>
              {productCount !== undefined && (
                <span className="text-xs text-ink-soft tabular-nums">{format.number(productCount)}</span>
              )}
            </label>
          </li>
        ))}
        {brands.isSuccess && listed.length === 0 && <li className="px-2 py-2 text-sm text-ink-soft">{m.noBrand}</li>}
      </ul>
    </fieldset>
  );
}

/** Bounds of the price, in one currency. */
export function PriceFilter({ search, onChange, currencies }: FilterProps & { readonly currencies: readonly string[] }) {
  const m = useMessages(messages);
  const { locale } = useFormat();
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const errorId = useId();
  // Only for how amounts are written: grouping and decimals hardly differ between currencies.
  const fallback = currencies[0] ?? "USD";

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const chosen = String(data.get("currency") ?? search.currency ?? "");
    const bounds = (["min", "max"] as const).map((name) => {
      const text = String(data.get(name) ?? "").trim();
      return { name, text, amount: text === "" ? undefined : parseMoney(text, chosen || fallback, locale)?.amount };
    });
    const invalid = bounds.filter(({ text, amount }) => text !== "" && amount === undefined).map(({ name }) => name);
    setWrong(invalid);
    if (invalid.length > 0) return;
    const [min, max] = bounds.map(({ amount }) => amount);
    onChange({ min, max, currency: chosen || undefined });
  }

  const bound = (name: "min" | "max", label: string) => (
    <label className="flex min-w-0 flex-1 flex-col gap-1 text-xs text-ink-soft">
      {label}
      <input
        name={name}
        // A new value in the address replaces what is typed.
        key={search[name] ?? ""}
        defaultValue={search[name] === undefined ? "" : typedAmount(search[name], locale)}
        inputMode="decimal"
        autoComplete="off"
        aria-invalid={wrong.includes(name) || undefined}
        aria-describedby={wrong.includes(name) ? errorId : undefined}
        className={`${inputClass} h-9 tabular-nums pointer-coarse:h-11`}
      />
    </label>
  );
  return (
    <fieldset className="min-w-0">
      <legend className="text-sm font-semibold">{m.price}</legend>
      <form noValidate onSubmit={submit} className="mt-2.5 flex flex-col gap-3">
        {currencies.length > 1 && (
          <Select name="currency" aria-label={m.currency} defaultValue={search.currency ?? ""} key={search.currency}>
            <option value="">{m.anyCurrency}</option>
            {currencies.map((code) => (
              <option key={code}>{code}</option>
            ))}
          </Select>
        )}
        <div className="flex items-end gap-2">
          {bound("min", m.from)}
          {bound("max", m.to)}
          <Button type="submit" size="sm" className="h-9! pointer-coarse:h-11!">
            {m.apply}
          </Button>
        </div>
        {wrong.length > 0 && (
          <p id={errorId} role="alert" className="text-sm text-danger-ink">
            {m.notAnAmount(typedAmount("129.90", locale))}
          </p>
        )}
      </form>
    </fieldset>
  );
}
