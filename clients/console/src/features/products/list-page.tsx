import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Product } from "@zebrands/catalog";
import { Download, Ellipsis, FileUp, PackageOpen, Plus, RefreshCw, SearchX } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { type Command, useCommands } from "@/lib/commands";
import { csvLine } from "@/lib/csv";
import { useDescribeError } from "@/lib/errors";
import { ownCells, ownColumns } from "@/lib/product/fields";
import { defined } from "@/lib/search-params";
import { useLatest } from "@/lib/use-latest";
import { useMedia } from "@/lib/use-media";
import { useTitle } from "@/lib/use-title";
import { ActiveFilters } from "@/ui/active-filters";
import { Button, IconButton } from "@/ui/button";
import { PageHeader } from "@/ui/card";
import { Menu } from "@/ui/menu";
import { messages as uiMessages } from "@/ui/messages";
import { EmptyState, ErrorState } from "@/ui/state";
import { toast } from "@/ui/toast";
import { useProductActions } from "./actions";
import { allMatching, listOptions, refreshLists } from "./data";
import { messages } from "./messages";
import { ProductTable, ProductTableSkeleton } from "./product-table";
import { filterCount, type ProductsChange, queryOf } from "./search-state";
import { type Selection, useSelection } from "./selection";
import { useTask } from "./task";
import { Toolbar } from "./toolbar";
import { useConflictDialog } from "./use-conflict-dialog";

// What only some visits need comes when they do.
const ProductCards = lazy(() => import("./product-cards").then((module) => ({ default: module.ProductCards })));
const BulkActions = lazy(() => import("./bulk-actions"));
const EditSheet = lazy(() => import("./edit-sheet").then((module) => ({ default: module.EditSheet })));

const none: readonly Product[] = [];

export function ProductsPage() {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const client = useQueryClient();
  const search = useSearch({ from: "/admin/products" });
  const navigate = useNavigate({ from: "/admin/products" });
  const query = useMemo(() => queryOf(search), [search]);
  const list = useInfiniteQuery(listOptions(query));
  const products = useMemo(() => list.data?.pages.flatMap((page) => page.products) ?? none, [list.data]);
  const selection = useSelection(products, JSON.stringify(query));
  const selected = useMemo(() => asShown(selection.products, products), [selection.products, products]);
  const [editing, setEditing] = useState<string>();
  const [resolve, conflictDialog] = useConflictDialog();
  const actions = useProductActions(resolve);
  const [runTask, taskDialog] = useTask();
  // Stays: its dialogs outlive the selection.
  const [bulkNeeded, setBulkNeeded] = useState(false);
  if (selected.length > 0 && !bulkNeeded) setBulkNeeded(true);
  const wide = useMedia("(min-width: 60rem)");
  useTitle(m.title);

  const change = (part: ProductsChange, replace = false) =>
    void navigate({
      search: (before) => defined({ ...before, ...part }),
      replace,
      resetScroll: part.edit === undefined && !("edit" in part),
    });
  const reset = () => void navigate({ search: {} });
  const edit = (product: Product) => change({ edit: product.id });

  /** Reads everything that matches, page by page. Returns false if the person stopped it, or it failed. */
  function readAll(title: string, each: (products: Product[]) => void, orderBy = query.orderBy): Promise<boolean> {
    return runTask(title, undefined, async ({ signal, advance }) => {
      try {
        for await (const page of allMatching({ ...query, orderBy }, signal)) {
          each(page.products);
          advance(page.products.length);
        }
        return true;
      } catch (error) {
        if (!signal.aborted) toast(describe(error), { tone: "danger" });
        return false;
      }
    });
  }

  async function exportCsv() {
    const { download } = await import("@/lib/download");
    const parts = [csvLine(ownColumns)];
    let count = 0;
    const complete = await readAll(
      m.exporting,
      (page) => {
        const live = page.filter(({ deleteTime }) => deleteTime === undefined);
        parts.push(live.map((product) => csvLine(ownCells(product))).join(""));
        count += live.length;
      },
      "sku",
    );
    if (!complete) return;
    download("products.csv", "text/csv;charset=utf-8", parts.join(""));
    toast(m.exported(format.number(count)));
  }

  async function selectMatching() {
    const found: Product[] = [];
    if (await readAll(m.selecting, (page) => found.push(...page))) selection.add(found);
  }

  useRowCommands({
    onNew: () => void navigate({ to: "/admin/products/new" }),
    onEdit: (index) => products[index] !== undefined && products[index].deleteTime === undefined && edit(products[index]),
    onPrice: (index) => setEditing(products[index]?.id),
    onSelect: (index) => products[index] !== undefined && selection.toggle(products[index]),
    onExport: () => void exportCsv(),
  });

  const rows = { products, selection, actions, editing, onEditPrice: setEditing, onEdit: edit, onEnd: loadMore, label: m.title };
  function loadMore() {
    if (list.hasNextPage && !list.isFetchingNextPage && !list.isFetchNextPageError) void list.fetchNextPage();
  }
  const narrowed = filterCount(search) > 0 || search.q !== undefined;

  return (
    <div className={selected.length > 0 ? "pb-24" : ""}>
      <PageHeader
        title={m.title}
        description={
          <span aria-live="polite" className="text-sm tabular-nums">
            {list.isSuccess && products.length > 0 ? m.loaded(format.number(products.length), list.hasNextPage) : " "}
          </span>
        }
        actions={
          <>
            <Menu
              trigger={
                <IconButton label={m.more} variant="secondary">
                  <Ellipsis />
                </IconButton>
              }
            >
              {({ MenuItem }) => (
                <>
                  <MenuItem icon={Download} onSelect={() => void exportCsv()}>
                    {m.exportCsv}
                  </MenuItem>
                  <MenuItem asChild>
                    <Link to="/admin/import">
                      <FileUp aria-hidden />
                      {m.importFile}
                    </Link>
                  </MenuItem>
                  <MenuItem icon={RefreshCw} onSelect={() => void refreshLists(client)}>
                    {m.refresh}
                  </MenuItem>
                </>
              )}
            </Menu>
            <Button variant="primary" asChild>
              <Link to="/admin/products/new">
                <Plus aria-hidden />
                {m.newProduct}
              </Link>
            </Button>
          </>
        }
      />
      <Toolbar search={search} onChange={change} />
      <ActiveFilters
        filters={search}
        more={search.deleted === undefined ? [] : [[m.withDeleted, { deleted: undefined }]]}
        onChange={change}
        onReset={reset}
      />
      <div
        aria-busy={list.isPlaceholderData}
        className={list.isPlaceholderData ? "opacity-55 transition-opacity" : "transition-opacity"}
      >
        {list.isError && list.data === undefined ? (
          <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
        ) : list.isPending ? (
          <ProductTableSkeleton />
        ) : products.length === 0 ? (
          <Nothing narrowed={narrowed} onReset={reset} />
        ) : wide ? (
          <ProductTable
            {...rows}
            order={search.sort}
            ranked={search.q !== undefined}
            onSort={(sort) => change({ sort })}
            onTag={(tag) => change({ tag })}
          />
        ) : (
          <Suspense fallback={<ProductTableSkeleton />}>
            <ProductCards {...rows} />
          </Suspense>
        )}
      </div>
      {list.hasNextPage && (
        <div
          className="mt-4 flex flex-wrap items-center justify-center gap-3 text-sm text-ink-soft"
          role={list.isFetchNextPageError ? "alert" : undefined}
        >
          {list.isFetchNextPageError && m.moreFailed}
          <Button onClick={() => void list.fetchNextPage()} aria-disabled={list.isFetchingNextPage}>
            {list.isFetchNextPageError ? m.tryAgain : list.isFetchingNextPage ? m.loading : m.loadMore}
          </Button>
        </div>
      )}
      {bulkNeeded && (
        <Suspense>
          <BulkActions
            selected={selected}
            run={runTask}
            onChanged={selection.update}
            onSelectMatching={list.hasNextPage && selected.length <= products.length ? () => void selectMatching() : undefined}
            onClear={selection.clear}
          />
        </Suspense>
      )}
      {search.edit !== undefined && (
        <Suspense>
          <EditSheet key={search.edit} id={search.edit} actions={actions} onClose={() => change({ edit: undefined })} />
        </Suspense>
      )}
      {conflictDialog}
      {taskDialog}
    </div>
  );
}

/** Returns picked products as their rows show them now: a price may have been changed in its row since. */
function asShown(picked: Selection["products"], rows: readonly Product[]): Product[] {
  if (picked.size === 0) return [];
  const now = new Map(picked);
  for (const row of rows) if (now.has(row.id)) now.set(row.id, row);
  return [...now.values()];
}

function Nothing({ narrowed, onReset }: { readonly narrowed: boolean; readonly onReset: () => void }) {
  const m = useMessages(messages);
  const { clearAll } = useMessages(uiMessages);
  if (narrowed) {
    return (
      <EmptyState icon={SearchX} title={m.nothing} action={<Button onClick={onReset}>{clearAll}</Button>}>
        {m.nothingText}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={PackageOpen}
      title={m.empty}
      action={
        <>
          <Button asChild>
            <Link to="/admin/import">{m.importFile}</Link>
          </Button>
          <Button variant="primary" asChild>
            <Link to="/admin/products/new">{m.newProduct}</Link>
          </Button>
        </>
      }
    >
      {m.emptyText}
    </EmptyState>
  );
}

interface RowHandlers {
  readonly onNew: () => void;
  readonly onExport: () => void;
  readonly onEdit: (index: number) => void;
  readonly onPrice: (index: number) => void;
  readonly onSelect: (index: number) => void;
}

/** Offers the table's keys: j and k go from row to row, and others act on the row that has the focus. */
function useRowCommands(handlers: RowHandlers): void {
  const m = useMessages(messages);
  const latest = useLatest(handlers);
  const commands = useMemo<Command[]>(() => {
    const onRow = (act: (index: number) => void) => () => {
      const index = focusedRow();
      if (index !== undefined) act(index);
    };
    const command = (label: string, keys: string, run: () => void): Command => ({ group: m.title, label, keys, run });
    return [
      command(m.newProduct, "n", () => latest.current.onNew()),
      command(m.nextRow, "j", () => focusRow(1)),
      command(m.previousRow, "k", () => focusRow(-1)),
      command(
        m.selectRow,
        "x",
        onRow((index) => latest.current.onSelect(index)),
      ),
      command(
        m.editRow,
        "e",
        onRow((index) => latest.current.onEdit(index)),
      ),
      command(
        m.editRowPrice,
        "p",
        onRow((index) => latest.current.onPrice(index)),
      ),
      { group: m.title, label: m.exportCsv, icon: Download, run: () => latest.current.onExport() },
    ];
  }, [m, latest]);
  useCommands(commands);
}

/** Returns the row that has the focus. */
function focusedRow(): number | undefined {
  const row = document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset["row"];
  return row === undefined ? undefined : Number(row);
}

/** Moves the focus by so many rows; to the first row in sight if none has it. */
function focusRow(by: number): void {
  const now = focusedRow();
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const next =
    now === undefined
      ? rows.find((row) => row.getBoundingClientRect().top > 100)
      : rows.find((row) => row.dataset["row"] === String(now + by));
  const link = next?.querySelector<HTMLElement>("[data-row-link]");
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "nearest" });
}
