import { useQuery } from "@tanstack/react-query";
import { parseMoney } from "@zebrands/catalog";
import { type ComponentType, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { type FieldName, fieldRow } from "@/lib/product/fields";
import { type Kind, parseInteger, type ValueByKind } from "@/lib/product/kinds";
import { typedAmount } from "@/lib/typed-amount";
import { Field, TextAreaField, TextField } from "@/ui/field";
import { AttributesInput } from "./attributes-input";
import { brandOptions } from "./data";
import { messages } from "./messages";
import { currencyCodes } from "./money";
import { TagInput } from "./tag-input";
import { upperCase } from "./upper-case";

interface EditorProps<V> {
  readonly label: string;
  /** The field's name, as the server names it when it blames it. */
  readonly name: FieldName;
  readonly required: boolean;
  readonly autoFocus: boolean;
  readonly initial: V;
  readonly onChange: (value: V) => void;
}

/** The form controls, by the kind of a field. */
const editors: { readonly [K in Kind]: ComponentType<EditorProps<ValueByKind[K]>> } = {
  code: (props) => <LineEditor {...props} spellCheck={false} />,
  line: LineEditor,
  brand: BrandEditor,
  text: TextEditor,
  money: MoneyEditor,
  integer: IntegerEditor,
  addresses: AddressesEditor,
  tags: TagsEditor,
  attributes: AttributesEditor,
};

/** Returns the form control of a field. */
export function editorOf(field: FieldName): ComponentType<EditorProps<unknown>> {
  return editors[fieldRow(field).kind] as ComponentType<EditorProps<unknown>>;
}

/** Returns how many characters a field, or an item of it, may have. */
function maxLengthOf(field: FieldName): number | undefined {
  return (maxLengths as Readonly<Record<string, number>>)[`product.${field}`];
}

function LineEditor({
  initial,
  onChange,
  list,
  ...field
}: EditorProps<string> & { readonly spellCheck?: boolean; readonly list?: string }) {
  return (
    <TextField
      {...field}
      {...(list !== undefined && { list })}
      maxLength={maxLengthOf(field.name)}
      autoComplete="off"
      defaultValue={initial}
      onChange={(event) => onChange(event.target.value.trim())}
    />
  );
}

function BrandEditor(props: EditorProps<string>) {
  const [brand, setBrand] = useState(props.initial);
  const brands = useQuery(brandOptions(brand)).data?.brands ?? [];
  const change = (value: string) => {
    setBrand(value);
    props.onChange(value);
  };
  return (
    <>
      <LineEditor {...props} onChange={change} list="brands" />
      <datalist id="brands">
        {brands.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

function TextEditor({ initial, onChange, autoFocus: _, ...field }: EditorProps<string>) {
  return (
    <TextAreaField
      {...field}
      maxLength={maxLengthOf(field.name)}
      rows={5}
      defaultValue={initial}
      onChange={(event) => onChange(event.target.value.trim())}
    />
  );
}

function MoneyEditor({ label, name, required, initial, onChange }: EditorProps<ValueByKind["money"]>) {
  const m = useMessages(messages);
  const { locale } = useFormat();
  const [amount, setAmount] = useState(() => typedAmount(initial.amount, locale));
  const [currency, setCurrency] = useState(initial.currencyCode);
  const change = (text: string, code: string) => {
    setAmount(text);
    setCurrency(code);
    const money = /^[A-Z]{3}$/.test(code) ? parseMoney(text, code, locale) : undefined;
    // What cannot be read here the server refuses, and says why.
    onChange(money ?? { amount: text.trim(), currencyCode: code });
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_8rem] gap-3">
      <TextField
        label={label}
        name={`${name}.amount`}
        required={required}
        inputMode="decimal"
        autoComplete="off"
        value={amount}
        onChange={({ target }) => {
          const wrong = target.value.trim() !== "" && parseMoney(target.value, "USD", locale) === undefined;
          target.setCustomValidity(wrong ? m.notAnAmount(typedAmount("129.90", locale)) : "");
          change(target.value, currency);
        }}
      />
      <TextField
        label={m.currency}
        name={`${name}.currency_code`}
        required={required}
        minLength={3}
        maxLength={3}
        list="currencies"
        autoComplete="off"
        onInput={upperCase}
        value={currency}
        onChange={(event) => change(amount, event.target.value.toUpperCase())}
      />
      <datalist id="currencies">
        {currencyCodes().map((code) => (
          <option key={code} value={code} />
        ))}
      </datalist>
    </div>
  );
}

function IntegerEditor({ initial, onChange, ...field }: EditorProps<ValueByKind["integer"]>) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <TextField
      {...field}
      inputMode="numeric"
      autoComplete="off"
      defaultValue={initial === undefined ? "" : String(initial)}
      onChange={({ target }) => {
        const text = target.value.trim();
        const value = parseInteger(text);
        const wrong = text !== "" && value === undefined;
        target.setCustomValidity(wrong ? m.notAnInteger(format.number(250)) : "");
        onChange(value);
      }}
    />
  );
}

function AddressesEditor({ initial, onChange, autoFocus: _, ...field }: EditorProps<readonly string[]>) {
  const m = useMessages(messages);
  return (
    <TextAreaField
      {...field}
      rows={3}
      spellCheck={false}
      hint={m.imagesHint}
      defaultValue={initial.join("\n")}
      onChange={(event) => onChange(event.target.value.split(/\s+/).filter((url) => url !== ""))}
    />
  );
}

function TagsEditor({ label, name, required, initial, onChange }: EditorProps<readonly string[]>) {
  const m = useMessages(messages);
  const [tags, setTags] = useState(initial);
  const change = (next: readonly string[]) => {
    setTags(next);
    onChange(next);
  };
  return (
    <Field label={label} name={name} optional={!required} hint={m.tagsHint}>
      {(wiring) => <TagInput wiring={wiring} tags={tags} onChange={change} />}
    </Field>
  );
}

function AttributesEditor({ label, name, required, initial, onChange }: EditorProps<ValueByKind["attributes"]>) {
  return (
    <Field label={label} name={name} optional={!required}>
      {(wiring) => <AttributesInput wiring={wiring} label={label} initial={initial} onChange={onChange} />}
    </Field>
  );
}
