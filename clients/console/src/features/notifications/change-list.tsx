import { toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Link } from "@tanstack/react-router";
import { ProductChange_Operation as Operation, type ProductChange, ProductService } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";
import { ArrowRight } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { useActorName } from "@/lib/actor-name";
import { useDescribeError } from "@/lib/errors";
import { fieldAt, fieldText } from "@/lib/product/fields";
import { Badge, type Tone } from "@/ui/badge";
import { ErrorState, Skeleton } from "@/ui/state";
import { Time } from "@/ui/time";
import { messages } from "./messages";

/** How many changes are shown. A mail lists fewer. */
const shown = 100;

/** The changes with these sequence numbers, the newest first. */
export function ChangeList({ sequences }: { readonly sequences: readonly bigint[] }) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const changes = useQuery(ProductService.method.listProductChanges, {
    sequences: sequences.slice(0, shown),
    pageSize: shown,
  });
  if (changes.isError) return <ErrorState message={describe(changes.error)} onRetry={() => void changes.refetch()} />;
  if (changes.data === undefined) return <Skeleton className="h-40" />;
  return (
    <>
      {sequences.length > shown && <p className="mb-2 text-sm text-ink-soft">{m.onlyFirst(format.number(shown))}</p>}
      <ol className="divide-y divide-line rounded-lg border border-line">
        {changes.data.changes.map((change) => (
          <Change key={String(change.sequence)} change={change} />
        ))}
      </ol>
    </>
  );
}

function Change({ change }: { readonly change: ProductChange }) {
  const m = useMessages(messages);
  const actorName = useActorName()(change);
  const words: Partial<Record<Operation, readonly [Tone, string]>> = {
    [Operation.CREATED]: ["success", m.opCreated],
    [Operation.UPDATED]: ["accent", m.opUpdated],
    [Operation.DELETED]: ["danger", m.opDeleted],
    [Operation.UNDELETED]: ["success", m.opRestored],
  };
  const [tone, word] = words[change.operation] ?? ["neutral", ""];
  return (
    <li className="px-4 py-3 text-sm">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Badge tone={tone}>{word}</Badge>
        <Link
          to="/admin/products/$id"
          params={{ id: change.productId }}
          className="font-medium wrap-anywhere underline decoration-line-strong underline-offset-3 hover:decoration-current"
        >
          {change.sku}
        </Link>
        <span className="text-ink-soft">
          {m.byWhom(actorName)} · <Time value={change.createTime} />
        </span>
      </p>
      {change.operation === Operation.UPDATED && (
        <dl className="mt-2 space-y-1.5">
          {change.fields.map(({ field, oldValue, newValue }) => (
            <div key={field} className="grid gap-x-3 sm:grid-cols-[7rem_1fr]">
              <dt className="text-ink-soft">
                <FieldLabel path={field} />
              </dt>
              <dd className="flex flex-wrap items-center gap-x-2 wrap-anywhere">
                <span className="sr-only">{m.before}: </span>
                <span className="text-ink-soft line-through decoration-ink-soft/50">
                  <FieldText path={field} value={oldValue} />
                </span>
                <ArrowRight aria-hidden className="size-3.5 shrink-0 text-ink-soft" />
                <span className="sr-only">{m.after}: </span>
                <FieldText path={field} value={newValue} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function FieldLabel({ path }: { readonly path: string }) {
  const m = useMessages(messages);
  const field = fieldAt(path);
  return field === undefined ? path : m[field];
}

function FieldText({ path, value }: { readonly path: string; readonly value: Value | undefined }) {
  const m = useMessages(messages);
  const format = useFormat();
  const field = fieldAt(path);
  const json = value === undefined ? null : toJson(ValueSchema, value);
  // A newer server may tell of fields that this page has not heard of.
  const unknown = () => (typeof json === "string" ? json : JSON.stringify(json));
  const text = json === null ? "" : field === undefined ? unknown() : fieldText(field, json, format, true);
  return <span className="line-clamp-3">{text === "" ? m.empty : text}</span>;
}
