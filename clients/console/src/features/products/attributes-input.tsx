import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { maxAttributeName, maxAttributeValue } from "@/lib/limits";
import { Button, IconButton } from "@/ui/button";
import { inputClass, type Wiring } from "@/ui/field";
import { messages } from "./messages";

type Attributes = Readonly<Record<string, string>>;

interface Entry {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

interface AttributesInputProps {
  readonly wiring: Wiring;
  readonly label: string;
  readonly initial: Attributes;
  readonly onChange: (attributes: Attributes) => void;
}

/** A line for each attribute, and a button for one more. */
export function AttributesInput({ wiring, label, initial, onChange }: AttributesInputProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [entries, setEntries] = useState<readonly Entry[]>(() =>
    Object.entries(initial).map(([name, value], key) => ({ key, name, value })),
  );
  const change = (next: readonly Entry[]) => {
    setEntries(next);
    const named = next.filter(({ name }) => name.trim() !== "");
    onChange(Object.fromEntries(named.map(({ name, value }) => [name.trim(), value.trim()])));
  };
  const set = (key: number, part: Partial<Entry>) =>
    change(entries.map((item) => (item.key === key ? { ...item, ...part } : item)));
  const add = () => change([...entries, { key: Math.max(-1, ...entries.map(({ key }) => key)) + 1, name: "", value: "" }]);
  return (
    <fieldset {...wiring} aria-label={label} className="flex flex-col gap-2">
      {entries.map(({ key, name, value }, index) => (
        <div key={key} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto] gap-2">
          <input
            aria-label={m.attributeNameOf(format.number(index + 1))}
            placeholder={m.attributeName}
            maxLength={maxAttributeName}
            value={name}
            onChange={(event) => set(key, { name: event.target.value })}
            className={`${inputClass} h-9.5 pointer-coarse:h-11`}
          />
          <input
            aria-label={m.attributeValueOf(format.number(index + 1))}
            placeholder={m.attributeValue}
            maxLength={maxAttributeValue}
            value={value}
            onChange={(event) => set(key, { value: event.target.value })}
            className={`${inputClass} h-9.5 pointer-coarse:h-11`}
          />
          <IconButton label={m.removeAttribute(name)} onClick={() => change(entries.filter((item) => item.key !== key))}>
            <Trash2 />
          </IconButton>
        </div>
      ))}
      <Button size="sm" className="self-start" onClick={add}>
        <Plus aria-hidden />
        {m.addAttribute}
      </Button>
    </fieldset>
  );
}
