import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { isReason, type Product } from "@zebrands/catalog";
import { ArrowLeft, Copy, PackageX, Pencil, RotateCcw, Store, Trash2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { type Command, useCommands } from "@/lib/commands";
import { useDescribeError } from "@/lib/errors";
import {
  emptyValues,
  type FieldName,
  fieldRow,
  fieldValue,
  sameValue,
  shownFields,
  type Values,
  valuesOf,
} from "@/lib/product/fields";
import { defined } from "@/lib/search-params";
import { useLatest } from "@/lib/use-latest";
import { useTitle } from "@/lib/use-title";
import { Alert } from "@/ui/alert";
import { Button, IconButton } from "@/ui/button";
import { Section } from "@/ui/card";
import { EmptyState, ErrorState, Skeleton } from "@/ui/state";
import { Time } from "@/ui/time";
import { toast } from "@/ui/toast";
import { useProductActions } from "./actions";
import { listedProduct, productOptions } from "./data";
import { FieldValue } from "./field-value";
import { History } from "./history";
import { messages } from "./messages";
import { PriceCell } from "./price-cell";
import type { ProductSearch } from "./product-search";
import { Thumb } from "./thumb";
import { useConflictDialog } from "./use-conflict-dialog";
import { Views } from "./views";

// The form comes when somebody edits.
const EditSheet = lazy(() => import("./edit-sheet").then((module) => ({ default: module.EditSheet })));

/** The fields that the page's header shows. */
const inHeader: ReadonlySet<FieldName> = new Set<FieldName>(["name", "brand", "sku", "price"]);

/** Everything about one product, also a deleted one. */
export function ProductPage() {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const { id } = useParams({ from: "/admin/products/$id" });
  const client = useQueryClient();
  const listed = listedProduct(client, id);
  const product = useQuery({ ...productOptions(id), ...(listed !== undefined && { placeholderData: listed }) });
  useTitle(product.data?.name);
  return (
    <div className="mx-auto max-w-6xl">
      <Link
        to="/admin/products"
        className="mb-4 inline-flex items-center gap-1.5 rounded-md text-sm text-ink-soft hover:text-ink"
      >
        <ArrowLeft className="size-4" aria-hidden />
        {m.back}
      </Link>
      {product.data !== undefined ? (
        <Details key={id} product={product.data} />
      ) : isReason(product.error, "PRODUCT_NOT_FOUND", "FIELD_INVALID") ? (
        <EmptyState icon={PackageX} title={m.gone}>
          {m.goneText}
        </EmptyState>
      ) : product.isError ? (
        <ErrorState message={describe(product.error)} onRetry={() => void product.refetch()} />
      ) : (
        <PageSkeleton />
      )}
    </div>
  );
}

function Details({ product }: { readonly product: Product }) {
  const m = useMessages(messages);
  const search = useSearch({ from: "/admin/products/$id" });
  const navigate = useNavigate({ from: "/admin/products/$id" });
  const [editingPrice, setEditingPrice] = useState(false);
  const [resolve, conflictDialog] = useConflictDialog();
  const actions = useProductActions(resolve);
  const deleted = product.deleteTime !== undefined;
  const change = (part: { [K in keyof ProductSearch]?: ProductSearch[K] | undefined }) =>
    void navigate({ search: (before) => defined({ ...before, ...part }), replace: true, resetScroll: false });
  useEditKeys(deleted ? undefined : () => change({ edit: "1" }), deleted ? undefined : () => setEditingPrice(true));

  return (
    <>
      <header className="mb-6 flex flex-wrap items-start gap-x-6 gap-y-4">
        <Thumb urls={product.imageUrls} brand={product.brand} className="size-16 rounded-xl! text-2xl! sm:size-20" />
        <div className="min-w-0 flex-1 basis-48">
          <p className="text-sm font-medium text-accent-ink">{product.brand}</p>
          <h1 className="text-2xl leading-tight font-semibold tracking-tight wrap-anywhere">{product.name}</h1>
          <p className="mt-1.5 flex flex-wrap items-center gap-x-4 gap-y-1">
            <span className="px-2 -mx-2 text-lg">
              <PriceCell
                product={product}
                editing={editingPrice}
                onEdit={setEditingPrice}
                onSave={(price) => actions.setPrice(product, price)}
                className="font-semibold!"
              />
            </span>
            <span className="inline-flex items-center gap-0.5 text-sm text-ink-soft">
              <span className="font-mono wrap-anywhere">{product.sku}</span>
              <IconButton
                label={m.copySku}
                size="sm"
                onClick={() => void navigator.clipboard?.writeText(product.sku).then(() => toast(m.copied))}
              >
                <Copy className="size-3.5!" />
              </IconButton>
            </span>
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {deleted ? (
            <Button variant="primary" onClick={() => void actions.restore(product)}>
              <RotateCcw aria-hidden />
              {m.restore}
            </Button>
          ) : (
            <>
              <IconButton label={m.openInShop} variant="secondary" asChild>
                <Link to="/p/$id" params={{ id: product.id }}>
                  <Store />
                </Link>
              </IconButton>
              <IconButton label={m.delete} variant="secondary" onClick={() => void actions.remove(product)}>
                <Trash2 />
              </IconButton>
              <Button variant="primary" onClick={() => change({ edit: "1" })}>
                <Pencil aria-hidden />
                {m.edit}
              </Button>
            </>
          )}
        </div>
      </header>
      {product.deleteTime !== undefined && <Deleted product={product} />}
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <Views id={product.id} search={search} onChange={change} />
          <Facts product={product} />
        </div>
        <History id={product.id} />
      </div>
      {search.edit !== undefined && !deleted && (
        <Suspense>
          <EditSheet id={product.id} actions={actions} onClose={() => change({ edit: undefined })} />
        </Suspense>
      )}
      {conflictDialog}
    </>
  );
}

function Deleted({ product }: { readonly product: Product }) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <div className="mb-5">
      <Alert tone="warning">{m.deletedOn(product.deleteTime === undefined ? "" : format.relative(product.deleteTime))}</Alert>
    </div>
  );
}

/** Offers the keys for editing while the product can be edited. */
function useEditKeys(onEdit: (() => void) | undefined, onPrice: (() => void) | undefined): void {
  const m = useMessages(messages);
  const latest = useLatest({ onEdit, onPrice });
  const enabled = onEdit !== undefined;
  const commands = useMemo<Command[]>(
    () =>
      enabled
        ? [
            { group: m.product, label: m.editProduct, keys: "e", icon: Pencil, run: () => latest.current.onEdit?.() },
            { group: m.product, label: m.changePrice, keys: "p", run: () => latest.current.onPrice?.() },
          ]
        : [],
    [m, latest, enabled],
  );
  useCommands(commands);
}

function Facts({ product }: { readonly product: Product }) {
  const m = useMessages(messages);
  return (
    <Section title={m.details}>
      <dl className="text-sm">
        {shownFields.map((field) => !inHeader.has(field) && <FieldFact key={field} field={field} product={product} />)}
        <Fact name={m.created}>
          <Time value={product.createTime} exact />
        </Fact>
        <Fact name={m.updated}>
          <Time value={product.updateTime} exact />
        </Fact>
        <Fact name={m.id}>
          <span className="font-mono text-xs">{product.id}</span>
        </Fact>
      </dl>
    </Section>
  );
}

/** A field below the header. One without a value is left out, but for those of which somebody wants to know. */
function FieldFact({ field, product }: { readonly field: FieldName; readonly product: Product }) {
  const m = useMessages(messages);
  const { locale } = useFormat();
  const values = valuesOf(product);
  const value = fieldValue(values, field);
  const absent: Partial<Record<FieldName, string>> = { description: m.noDescription, tags: m.noTags };
  if (sameValue(values, emptyValues, field))
    return (
      absent[field] !== undefined && (
        <Fact name={m[field]}>
          <Soft>{absent[field]}</Soft>
        </Fact>
      )
    );
  const { kind } = fieldRow(field);
  if (kind === "attributes")
    return Object.entries(value as Values["attributes"])
      .sort(([a], [b]) => a.localeCompare(b, locale))
      .map(([name, text]) => (
        <Fact key={name} name={name}>
          {text}
        </Fact>
      ));
  return (
    <Fact name={m[field]}>
      {kind === "tags" ? (
        <TagLinks tags={value as readonly string[]} />
      ) : kind === "addresses" ? (
        <Pictures urls={value as readonly string[]} brand={product.brand} />
      ) : (
        <FieldValue field={field} value={value} />
      )}
    </Fact>
  );
}

function TagLinks({ tags }: { readonly tags: readonly string[] }) {
  return (
    <ul className="flex flex-wrap gap-1.5">
      {tags.map((tag) => (
        <li key={tag}>
          <Link
            to="/admin/products"
            search={{ tag }}
            className="inline-flex min-h-6 items-center rounded-md bg-sunken px-2 text-xs hover:text-accent-ink"
          >
            {tag}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Pictures({ urls, brand }: { readonly urls: readonly string[]; readonly brand: string }) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <ul className="flex flex-wrap gap-2">
      {urls.map((url, index) => (
        <li key={url}>
          <a
            href={url}
            target="_blank"
            rel="noreferrer"
            aria-label={m.picture(format.number(index + 1))}
            className="block rounded-lg"
          >
            <Thumb urls={[url]} brand={brand} className="size-14" />
          </a>
        </li>
      ))}
    </ul>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[minmax(6rem,1fr)_3fr] gap-4 border-t border-line py-2.5 first:border-0 first:pt-0">
      <dt className="text-ink-soft wrap-anywhere">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}

function Soft({ children }: { readonly children: ReactNode }) {
  return <span className="text-ink-soft">{children}</span>;
}

function PageSkeleton() {
  return (
    <div aria-hidden>
      <div className="mb-6 flex gap-6">
        <Skeleton className="size-20 rounded-xl" />
        <div className="flex-1">
          <Skeleton className="h-4 w-24" />
          <Skeleton className="mt-2 h-7 w-2/3" />
          <Skeleton className="mt-3 h-5 w-28" />
        </div>
      </div>
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <Skeleton className="h-80 rounded-xl" />
        <Skeleton className="h-80 rounded-xl" />
      </div>
    </div>
  );
}
