import { useQuery } from "@tanstack/react-query";
import { parseMoney } from "@zebrands/catalog";
import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { maxAttributeName, maxAttributeValue, maxLengths } from "@/lib/limits";
import { typedAmount } from "@/lib/typed-amount";
import { Button, IconButton } from "@/ui/button";
import { Field, inputClass, TextAreaField, TextField } from "@/ui/field";
import { Form } from "@/ui/form";
import { brandOptions } from "./data";
import type { Values } from "./fields";
import { messages } from "./messages";
import { currencyCodes } from "./money";
import { TagInput } from "./tag-input";
import { upperCase } from "./upper-case";

/** What a new product starts with. */
export const emptyValues: Values = {
  sku: "",
  name: "",
  brand: "",
  price: { amount: "", currencyCode: "USD" },
  description: "",
  imageUrls: [],
  tags: [],
  attributes: {},
};

interface ProductFormProps {
  readonly initial: Values;
  /** Saves. What it throws is shown at the fields that the server blames. */
  readonly onSubmit: (values: Values) => Promise<unknown>;
  readonly onDirty?: () => void;
  /** The buttons at the end. */
  readonly children: ReactNode;
}

/** Where a keyboard on the screen would cover the form, it only comes when asked for. */
const hasMouse = matchMedia("(pointer: fine)").matches;

interface Attribute {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** Every field of a product. Fields are named as the server names them when it blames them. */
export function ProductForm({ initial, onSubmit, onDirty, children }: ProductFormProps) {
  const m = useMessages(messages);
  const { locale } = useFormat();
  const [brand, setBrand] = useState(initial.brand);
  const [tags, setTags] = useState(initial.tags);
  const [attributes, setAttributes] = useState<readonly Attribute[]>(() =>
    Object.entries(initial.attributes).map(([name, value], key) => ({ key, name, value })),
  );
  const [amount, setAmount] = useState(() => typedAmount(initial.price.amount, locale));
  const [currency, setCurrency] = useState(initial.price.currencyCode);
  const brands = useQuery(brandOptions(brand.trim())).data?.brands ?? [];
  const priced = (text: string, code: string) => (/^[A-Z]{3}$/.test(code) ? parseMoney(text, code, locale) : undefined);

  const submit = async (data: FormData) => {
    const text = (name: string) => String(data.get(name) ?? "").trim();
    await onSubmit({
      sku: text("sku"),
      name: text("name"),
      brand: text("brand"),
      // What cannot be read here the server refuses, and says why.
      price: priced(amount, currency) ?? { amount: amount.trim(), currencyCode: currency },
      description: text("description"),
      imageUrls: text("image_urls")
        .split(/\s+/)
        .filter((url) => url !== ""),
      tags,
      attributes: Object.fromEntries(
        attributes.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value.trim()]),
      ),
    });
  };
  const touched = () => onDirty?.();

  return (
    <Form onSubmit={submit} prefix="product." onInput={touched}>
      <TextField
        label={m.name}
        name="name"
        required
        maxLength={maxLengths["product.name"]}
        autoComplete="off"
        autoFocus={hasMouse}
        defaultValue={initial.name}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField
          label={m.brand}
          name="brand"
          required
          maxLength={maxLengths["product.brand"]}
          list="brands"
          autoComplete="off"
          value={brand}
          onChange={(event) => setBrand(event.target.value)}
        />
        <datalist id="brands">
          {brands.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <TextField
          label={m.sku}
          name="sku"
          required
          maxLength={maxLengths["product.sku"]}
          autoComplete="off"
          spellCheck={false}
          defaultValue={initial.sku}
        />
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)_8rem] gap-3">
        <TextField
          label={m.price}
          name="price.amount"
          required
          inputMode="decimal"
          autoComplete="off"
          value={amount}
          onChange={(event) => {
            setAmount(event.target.value);
            const wrong = event.target.value.trim() !== "" && parseMoney(event.target.value, "USD", locale) === undefined;
            event.target.setCustomValidity(wrong ? m.notAnAmount(typedAmount("129.90", locale)) : "");
          }}
        />
        <TextField
          label={m.currency}
          name="price.currency_code"
          required
          minLength={3}
          maxLength={3}
          list="currencies"
          autoComplete="off"
          onInput={upperCase}
          value={currency}
          onChange={(event) => setCurrency(event.target.value.toUpperCase())}
        />
        <datalist id="currencies">
          {currencyCodes().map((code) => (
            <option key={code} value={code} />
          ))}
        </datalist>
      </div>
      <TextAreaField
        label={m.description}
        name="description"
        maxLength={maxLengths["product.description"]}
        rows={5}
        defaultValue={initial.description}
      />
      <Field label={m.tags} name="tags" optional hint={m.tagsHint}>
        {(wiring) => (
          <TagInput
            wiring={wiring}
            tags={tags}
            onChange={(next) => {
              setTags(next);
              touched();
            }}
          />
        )}
      </Field>
      <TextAreaField
        label={m.pictures}
        name="image_urls"
        rows={3}
        spellCheck={false}
        hint={m.imagesHint}
        defaultValue={initial.imageUrls.join("\n")}
      />
      <Attributes
        attributes={attributes}
        onChange={(next) => {
          setAttributes(next);
          touched();
        }}
      />
      {children}
    </Form>
  );
}

function Attributes({
  attributes,
  onChange,
}: {
  readonly attributes: readonly Attribute[];
  readonly onChange: (next: readonly Attribute[]) => void;
}) {
  const m = useMessages(messages);
  const format = useFormat();
  const set = (key: number, part: Partial<Attribute>) =>
    onChange(attributes.map((item) => (item.key === key ? { ...item, ...part } : item)));
  const add = () =>
    onChange([...attributes, { key: Math.max(-1, ...attributes.map(({ key }) => key)) + 1, name: "", value: "" }]);
  return (
    <Field label={m.attributes} name="attributes" optional>
      {(wiring) => (
        <fieldset {...wiring} aria-label={m.attributes} className="flex flex-col gap-2">
          {attributes.map(({ key, name, value }, index) => (
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
              <IconButton label={m.removeAttribute(name)} onClick={() => onChange(attributes.filter((item) => item.key !== key))}>
                <Trash2 />
              </IconButton>
            </div>
          ))}
          <Button size="sm" className="self-start" onClick={add}>
            <Plus aria-hidden />
            {m.addAttribute}
          </Button>
        </fieldset>
      )}
    </Field>
  );
}
