import { useQuery } from "@tanstack/react-query";
import { Check, ChevronDown, X } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { useDebounced } from "@/lib/use-debounced";
import { Button, IconButton } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Popover } from "@/ui/popover";
import { productChoiceOptions, productOptions } from "./data";
import { messages } from "./messages";

interface ProductPickerProps {
  /** The id of the product that is chosen; undefined means all. */
  readonly value: string | undefined;
  readonly onChange: (product: string | undefined) => void;
}

/** Chooses one product, or all. */
export function ProductPicker({ value, onChange }: ProductPickerProps) {
  const m = useMessages(messages);
  const chosen = useQuery({ ...productOptions(value ?? ""), enabled: value !== undefined }).data;
  return (
    <div className="flex min-w-0 items-center gap-1">
      <Popover
        label={m.chooseProduct}
        trigger={
          <Button size="sm" className="min-w-0 max-w-72 shrink!">
            <span className="sr-only">{m.chooseProduct}: </span>
            <span className="truncate">{value === undefined ? m.allProducts : (chosen?.name ?? "…")}</span>
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        {(close) => (
          <Choices
            value={value}
            onChoose={(product) => {
              close();
              onChange(product);
            }}
          />
        )}
      </Popover>
      {value !== undefined && (
        <IconButton size="sm" label={m.showAll} onClick={() => onChange(undefined)}>
          <X />
        </IconButton>
      )}
    </div>
  );
}

function Choices({
  value,
  onChoose,
}: {
  readonly value: string | undefined;
  readonly onChoose: (product: string | undefined) => void;
}) {
  const m = useMessages(messages);
  const [query, setQuery] = useState("");
  const search = useDebounced(setQuery, 200);
  const products = useQuery(productChoiceOptions(query)).data;
  return (
    <>
      <TextField
        label={m.findProduct}
        hideLabel
        name="query"
        type="search"
        placeholder={m.findProduct}
        autoFocus
        autoComplete="off"
        maxLength={maxLengths.query}
        onChange={(event) => search(event.target.value)}
      />
      <ul className="-mx-2 mt-2">
        <Choice name={m.allProducts} chosen={value === undefined} onChoose={() => onChoose(undefined)} />
        {products?.map(({ id, name, sku }) => (
          <Choice key={id} name={name} detail={sku} chosen={id === value} onChoose={() => onChoose(id)} />
        ))}
      </ul>
      {products?.length === 0 && <p className="px-1 pt-2 text-sm text-ink-soft">{m.noProduct}</p>}
    </>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly detail?: string;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

function Choice({ name, detail, chosen, onChoose }: ChoiceProps) {
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen}
        onClick={onChoose}
        className="flex min-h-9 w-full items-center gap-2 rounded-lg px-2 py-1.5 text-left text-sm hover:bg-sunken pointer-coarse:min-h-11"
      >
        <span className="min-w-0 flex-1">
          <span className="line-clamp-2">{name}</span>
          {detail !== undefined && <span className="block truncate text-xs text-ink-soft">{detail}</span>}
        </span>
        {chosen && <Check className="size-4 shrink-0 text-accent-ink" aria-hidden />}
      </button>
    </li>
  );
}
