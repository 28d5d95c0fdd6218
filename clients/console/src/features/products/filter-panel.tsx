import { useQuery } from "@tanstack/react-query";
import { parseMoney } from "@zebrands/catalog";
import { type FormEvent, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { typedAmount } from "@/lib/typed-amount";
import { Button } from "@/ui/button";
import { inputClass } from "@/ui/field";
import { Checkbox, Switch } from "@/ui/toggle";
import { brandOptions } from "./data";
import { messages } from "./messages";
import { currencyCodes } from "./money";
import type { ToolbarProps } from "./toolbar";
import { upperCase } from "./upper-case";

/** What narrows the list. Loaded when it is opened. */
export default function FilterPanel({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  return (
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
  );
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
        onChange={(event) => setQuery(event.target.value.slice(0, maxLengths.brandQuery))}
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
          maxLength={maxLengths["product.tags[]"]}
          defaultValue={search.tag}
          className={`${inputClass} mt-1.5 h-9.5 font-normal pointer-coarse:h-11`}
        />
      </label>
    </form>
  );
}
