import { toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ProductChange_Operation as Operation, type ProductChange, type ProductChange_FieldChange } from "@zebrands/catalog";
import clsx from "clsx";
import { ArrowRight, Pencil, Plus, RotateCcw, Trash2 } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { useActorName } from "@/lib/actor-name";
import { useDescribeError } from "@/lib/errors";
import { type FieldName, fieldAt, fieldWords, rulesOf } from "@/lib/product/fields";
import { Button } from "@/ui/button";
import { Section } from "@/ui/card";
import { ErrorState, Skeleton } from "@/ui/state";
import { Time } from "@/ui/time";
import { historyOptions } from "./data";
import { FieldValue } from "./field-value";
import { messages } from "./messages";

const looks = {
  [Operation.UNSPECIFIED]: { Icon: Pencil, className: "bg-sunken text-ink-soft" },
  [Operation.CREATED]: { Icon: Plus, className: "bg-success-soft text-success-ink" },
  [Operation.UPDATED]: { Icon: Pencil, className: "bg-accent-soft text-accent-ink" },
  [Operation.DELETED]: { Icon: Trash2, className: "bg-danger-soft text-danger-ink" },
  [Operation.UNDELETED]: { Icon: RotateCcw, className: "bg-success-soft text-success-ink" },
};

/** What was done to a product, newest first: who, when, and each value before and after. */
export function History({ id }: { readonly id: string }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const history = useInfiniteQuery(historyOptions(id));
  const changes = history.data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <Section title={m.history} description={m.historyText}>
      {history.isPending ? (
        <HistorySkeleton />
      ) : history.isError && changes.length === 0 ? (
        <ErrorState message={describe(history.error)} onRetry={() => void history.refetch()} />
      ) : changes.length === 0 ? (
        <p className="py-6 text-center text-sm text-ink-soft">{m.noHistory}</p>
      ) : (
        <ol>
          {changes.map((change) => (
            <Entry key={String(change.sequence)} change={change} />
          ))}
        </ol>
      )}
      {history.hasNextPage && (
        <Button size="sm" onClick={() => void history.fetchNextPage()} aria-disabled={history.isFetchingNextPage}>
          {m.historyMore}
        </Button>
      )}
    </Section>
  );
}

function Entry({ change }: { readonly change: ProductChange }) {
  const { Icon, className } = looks[change.operation] ?? looks[Operation.UNSPECIFIED];
  const shown = change.operation === Operation.UPDATED;
  return (
    <li className="relative flex gap-3 pb-5 last:pb-1 before:absolute before:top-9 before:bottom-1 before:left-3.75 before:w-px before:bg-line last:before:hidden">
      <span className={clsx("grid size-8 shrink-0 place-items-center rounded-full", className)}>
        <Icon className="size-4" aria-hidden />
      </span>
      <div className="min-w-0 flex-1 pt-1">
        <p className="text-sm font-medium">
          <What change={change} />
        </p>
        <p className="text-xs text-ink-soft">
          <Time value={change.createTime} />
        </p>
        {shown && (
          <dl className="mt-2 flex flex-col gap-2">
            {change.fields.map((field) => (
              <FieldDiff key={field.field} change={field} />
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

function What({ change }: { readonly change: ProductChange }) {
  const m = useMessages(messages);
  const actorName = useActorName()(change);
  const { operation, fields } = change;
  const format = useFormat();
  switch (operation) {
    case Operation.CREATED:
      return m.didCreate(actorName);
    case Operation.DELETED:
      return m.didDelete(actorName);
    case Operation.UNDELETED:
      return m.didRestore(actorName);
    default:
      return m.didUpdate(
        actorName,
        format.list(
          fieldWords(
            fields.map(({ field }) => field),
            m,
          ),
        ),
      );
  }
}

function FieldDiff({ change }: { readonly change: ProductChange_FieldChange }) {
  const m = useMessages(messages);
  const name = fieldAt(change.field);
  if (name === undefined) return null;
  const { look } = rulesOf(name);
  const before = jsonOf(change.oldValue);
  const after = jsonOf(change.newValue);
  return (
    <div className="rounded-lg bg-sunken px-3 py-2 text-sm">
      <dt className="text-xs text-ink-soft">{m[name]}</dt>
      {look === "list" ? (
        <ListDiff before={listOf(before)} after={listOf(after)} />
      ) : (
        <dd className={clsx(look === "figure" && "flex flex-wrap items-center gap-x-2")}>
          <BeforeAfter field={name} before={before} after={after} inline={look === "figure"} />
        </dd>
      )}
    </div>
  );
}

interface BeforeAfterProps {
  readonly field: FieldName;
  readonly before: unknown;
  readonly after: unknown;
  readonly inline: boolean;
}

function BeforeAfter({ field, before, after, inline }: BeforeAfterProps) {
  const m = useMessages(messages);
  return (
    <>
      <span className={clsx("text-ink-soft", !inline && "block")}>
        <span className="sr-only">{m.was} </span>
        <del className="decoration-ink-soft/60">
          <FieldValue field={field} value={before} short={!inline} />
        </del>
      </span>
      <ArrowRight className={clsx("size-3.5 text-ink-soft", inline ? "" : "my-0.5 rotate-90")} aria-hidden />
      <span>
        <span className="sr-only">{m.became} </span>
        <FieldValue field={field} value={after} />
      </span>
    </>
  );
}

function ListDiff({ before, after }: { readonly before: readonly string[]; readonly after: readonly string[] }) {
  const m = useMessages(messages);
  const removed = before.filter((item) => !after.includes(item));
  const added = after.filter((item) => !before.includes(item));
  return (
    <dd className="mt-1 flex flex-wrap gap-1.5">
      {removed.map((item) => (
        <del key={item} className="rounded-md bg-danger-soft px-2 py-0.5 text-xs text-danger-ink wrap-anywhere">
          <span className="sr-only">{m.removed} </span>
          {item}
        </del>
      ))}
      {added.map((item) => (
        <ins key={item} className="rounded-md bg-success-soft px-2 py-0.5 text-xs text-success-ink no-underline wrap-anywhere">
          <span className="sr-only">{m.added} </span>
          {item}
        </ins>
      ))}
      {removed.length + added.length === 0 && <span className="wrap-anywhere">{after.join(", ")}</span>}
    </dd>
  );
}

function jsonOf(value: Value | undefined): unknown {
  return value === undefined ? null : toJson(ValueSchema, value);
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function HistorySkeleton() {
  return (
    <div aria-hidden className="flex flex-col gap-5">
      {[1, 2, 3].map((key) => (
        <div key={key} className="flex gap-3">
          <Skeleton className="size-8 rounded-full" />
          <div className="flex-1">
            <Skeleton className="h-4 w-3/4" />
            <Skeleton className="mt-2 h-3 w-20" />
          </div>
        </div>
      ))}
    </div>
  );
}
