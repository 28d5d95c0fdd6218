import type { ProductChange } from "@zebrands/catalog";
import { ProductChange_Operation as Operation } from "@zebrands/catalog";
import clsx from "clsx";
import { type ReactNode, useId, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useActorName } from "@/lib/actor-name";
import { type FieldName, fieldValue, fieldWords, pick, type Values, valuesOf } from "@/lib/product/fields";
import { Avatar } from "@/ui/avatar";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { sides } from "./conflict-sides";
import type { Conflict } from "./data";
import { FieldValue } from "./field-value";
import { messages } from "./messages";

interface ConflictDialogProps {
  readonly conflict: Conflict;
  readonly onAnswer: (choice: Partial<Values> | undefined) => void;
}

/** Shows who changed what meanwhile, and lets the person choose for each field. Loaded when there is a conflict. */
export default function ConflictDialog({ conflict, onAnswer }: ConflictDialogProps) {
  const m = useMessages(messages);
  const { base, wanted, current, changes } = conflict;
  const { both, mine, others } = sides(conflict);
  const [choices, setChoices] = useState<Partial<Record<FieldName, "mine" | "theirs">>>({});
  const actorName = useActorName();
  const who = changes[0] === undefined ? "" : actorName(changes[0]);
  const save = () => onAnswer(pick(wanted, [...mine, ...both.filter((field) => choices[field] !== "theirs")]));
  return (
    <Dialog
      open
      onOpenChange={() => onAnswer(undefined)}
      title={m.conflictTitle}
      description={m.conflictText}
      className="sm:w-[min(44rem,calc(100vw-3rem))]!"
    >
      <ul className="mb-4 flex flex-col gap-2">
        {changes.slice(0, 5).map((change) => (
          <li key={String(change.sequence)} className="flex items-center gap-2.5 text-sm">
            <Avatar name={change.actorName} className="size-7!" />
            <WhatHappened change={change} />
          </li>
        ))}
      </ul>
      {both.length > 0 && (
        <Group title={m.bothChanged}>
          {both.map((field) => (
            <FieldChoice
              key={field}
              field={field}
              who={who}
              options={{ mine: fieldValue(wanted, field), theirs: fieldValue(valuesOf(current), field) }}
              before={fieldValue(valuesOf(base), field)}
              value={choices[field] ?? "mine"}
              onChange={(choice) => setChoices({ ...choices, [field]: choice })}
            />
          ))}
        </Group>
      )}
      {mine.length > 0 && (
        <Group title={m.onlyYours}>
          {mine.map((field) => (
            <Line key={field} label={m[field]}>
              <FieldValue field={field} value={fieldValue(wanted, field)} />
            </Line>
          ))}
        </Group>
      )}
      {others.length > 0 && (
        <Group title={m.onlyTheirs}>
          {others.map((field) => (
            <Line key={field} label={m[field]}>
              <FieldValue field={field} value={fieldValue(valuesOf(current), field)} />
            </Line>
          ))}
        </Group>
      )}
      <DialogActions>
        <Button onClick={() => onAnswer({})}>{m.useTheirs}</Button>
        <Button variant="primary" onClick={save}>
          {m.saveChoice}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function WhatHappened({ change }: { readonly change: ProductChange }) {
  const m = useMessages(messages);
  const format = useFormat();
  const who = useActorName()(change);
  const when = change.createTime === undefined ? "" : format.relative(change.createTime);
  const fields = fieldWords(
    change.fields.map(({ field }) => field),
    m,
  );
  const text =
    change.operation === Operation.DELETED
      ? m.conflictDeleted(who, when)
      : fields.length > 0
        ? m.conflictChange(who, format.list(fields), when)
        : m.conflictOther(who, when);
  return <span>{text}</span>;
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="mb-4">
      <h3 className="mb-2 text-sm font-semibold">{title}</h3>
      <div className="flex flex-col gap-3">{children}</div>
    </section>
  );
}

function Line({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[7rem_minmax(0,1fr)] gap-3 rounded-lg bg-sunken px-3 py-2 text-sm">
      <span className="text-ink-soft">{label}</span>
      <span className="min-w-0">{children}</span>
    </div>
  );
}

interface FieldChoiceProps {
  readonly field: FieldName;
  readonly who: string;
  readonly options: Readonly<Record<"mine" | "theirs", unknown>>;
  readonly before: unknown;
  readonly value: "mine" | "theirs";
  readonly onChange: (value: "mine" | "theirs") => void;
}

function FieldChoice({ field, who, options, before, value, onChange }: FieldChoiceProps) {
  const m = useMessages(messages);
  const name = useId();
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">{m[field]}</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {(["mine", "theirs"] as const).map((side) => (
          <label
            key={side}
            className={clsx(
              "flex cursor-pointer items-start gap-2.5 rounded-lg border p-3 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent",
              value === side ? "border-accent bg-accent-soft" : "border-line-strong",
            )}
          >
            <input
              type="radio"
              name={name}
              checked={value === side}
              onChange={() => onChange(side)}
              className="mt-0.5 size-4 accent-accent outline-none"
            />
            <span className="min-w-0 flex-1">
              <span className="block text-xs text-ink-soft">{side === "mine" ? m.yours : m.theirs(who)}</span>
              <FieldValue field={field} value={options[side]} />
            </span>
          </label>
        ))}
      </div>
      <p className="mt-1.5 flex gap-1 text-xs text-ink-soft">
        {m.before}: <FieldValue field={field} value={before} short />
      </p>
    </fieldset>
  );
}
