import clsx from "clsx";
import { Download, FileUp } from "lucide-react";
import { type DragEvent, useId, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { download } from "@/lib/download";
import { ownColumns, requiredColumns } from "@/lib/product/fields";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { Section } from "@/ui/card";
import { inputClass } from "@/ui/field";
import { messages } from "./messages";

interface ChooseFileProps {
  /** Why the file before could not be read. */
  readonly problem: string | undefined;
  readonly currency: string;
  readonly onCurrency: (code: string) => void;
  readonly onFile: (file: File) => void;
}

const optionalColumns = ownColumns.filter((column) => !requiredColumns.includes(column));

const example = `sku,name,brand,price,currency,description,image_urls,tags,attributes
LAMP-1,Lámpara Sol,Luz,129.90,MXN,A warm light.,https://example.com/lamp.jpg,"sale,new","{""colour"": ""red""}"
SOFA-1,Grey Sofa,Acme,5490.00,MXN,,,,
`;

/** Where a file is dropped or chosen, and which files work. */
export function ChooseFile({ problem, currency, onCurrency, onFile }: ChooseFileProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const currencyId = useId();
  const codes = Intl.supportedValuesOf("currency");
  const valid = codes.includes(currency);
  const take = (file: File | undefined) => {
    if (file !== undefined && valid) onFile(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <div className="flex flex-col gap-5">
      {problem !== undefined && <Alert tone="danger">{problem}</Alert>}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way to what the button does. */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={clsx(
          "flex flex-col items-center gap-3 rounded-2xl border-2 border-dashed px-6 py-12 text-center transition-colors",
          over ? "border-accent bg-accent-soft" : "border-line-strong/60 bg-surface",
        )}
      >
        <div className="grid size-14 place-items-center rounded-2xl bg-accent-soft text-accent-ink">
          <FileUp className="size-6" aria-hidden />
        </div>
        <p className="text-lg font-semibold max-sm:hidden">{m.drop}</p>
        <p className="-mt-2 text-sm text-ink-soft max-sm:hidden">{m.or}</p>
        <Button variant="primary" size="lg" aria-disabled={!valid} onClick={() => valid && input.current?.click()}>
          {m.choose}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv,text/plain"
          className="hidden"
          onChange={(event) => {
            take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        <div className="mt-3 flex flex-wrap items-center justify-center gap-2 text-sm text-ink-soft">
          <label htmlFor={currencyId}>{m.currency}</label>
          <input
            id={currencyId}
            list="import-currencies"
            maxLength={3}
            autoComplete="off"
            value={currency}
            aria-invalid={!valid || undefined}
            aria-describedby={valid ? undefined : `${currencyId}-error`}
            onChange={(event) => onCurrency(event.target.value.toUpperCase())}
            className={`${inputClass} h-9.5 w-24! pointer-coarse:h-11`}
          />
          <datalist id="import-currencies">
            {codes.map((code) => (
              <option key={code} value={code} />
            ))}
          </datalist>
          {!valid && (
            <span id={`${currencyId}-error`} role="alert" className="w-full text-danger-ink">
              {m.notACurrency}
            </span>
          )}
        </div>
      </div>
      <Section
        title={m.formats}
        description={m.encoding}
        actions={
          <Button size="sm" onClick={() => download("example.csv", "text/csv;charset=utf-8", example)}>
            <Download aria-hidden />
            {m.example}
          </Button>
        }
      >
        <dl className="grid gap-5 text-sm sm:grid-cols-2">
          {[
            [m.ownFormat, m.ownFormatText(format.list(requiredColumns), format.list(optionalColumns))],
            [m.shopifyFormat, m.shopifyFormatText],
          ].map(([term, text]) => (
            <div key={term}>
              <dt className="font-medium">{term}</dt>
              <dd className="mt-1 text-ink-soft">{text}</dd>
            </div>
          ))}
        </dl>
      </Section>
    </div>
  );
}
