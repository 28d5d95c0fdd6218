import { Link } from "@tanstack/react-router";
import { createColumnHelper, tableFeatures, useTable } from "@tanstack/react-table";
import type { Product } from "@zebrands/catalog";
import clsx from "clsx";
import { createContext, useContext, useMemo } from "react";
import { useMessages } from "@/i18n";
import { Badge } from "@/ui/badge";
import { Skeleton } from "@/ui/state";
import { SortButton } from "@/ui/table";
import { Time } from "@/ui/time";
import { Checkbox } from "@/ui/toggle";
import type { ProductActions } from "./actions";
import { messages } from "./messages";
import { PriceCell } from "./price-cell";
import { RowMenu } from "./row-menu";
import { defaultOrder, nextOrder, type Order } from "./search-state";
import type { Selection } from "./selection";
import { Thumb } from "./thumb";
import { useVirtualRows } from "./virtual-rows";

/** What rows of either shape, of the table or cards, are shown with. */
export interface RowsProps {
  readonly products: readonly Product[];
  readonly selection: Selection;
  readonly actions: ProductActions;
  /** The product whose price is being edited. */
  readonly editing: string | undefined;
  readonly onEditPrice: (id: string | undefined) => void;
  readonly onEdit: (product: Product) => void;
  /** More rows are wanted: the last ones are in sight. */
  readonly onEnd: () => void;
}

interface ProductTableProps extends RowsProps {
  readonly label: string;
  readonly order: Order | undefined;
  /** Whether rows come in the order of how well they match. */
  readonly ranked: boolean;
  readonly onSort: (order: Order | undefined) => void;
  readonly onTag: (tag: string) => void;
}

const rowHeight = 60;
const features = tableFeatures({});
const column = createColumnHelper<typeof features, Product>();
const Context = createContext<ProductTableProps | undefined>(undefined);

const columns = column.columns([
  column.display({ id: "select", header: SelectAll, cell: ({ row }) => <SelectCell product={row.original} /> }),
  column.accessor("name", {
    header: () => <SortHeader field="name" text="product" />,
    cell: ({ row }) => <NameCell product={row.original} />,
  }),
  column.accessor("sku", {
    header: () => <SortHeader field="sku" text="sku" />,
    cell: ({ getValue }) => <span className="block truncate font-mono text-xs">{getValue()}</span>,
  }),
  column.accessor("brand", {
    header: () => <SortHeader field="brand" text="brand" />,
    cell: ({ getValue }) => <span className="block truncate">{getValue()}</span>,
  }),
  column.display({
    id: "price",
    header: () => <SortHeader field="price" text="price" />,
    cell: ({ row }) => <Price product={row.original} />,
  }),
  column.accessor("tags", { header: () => <HeaderText text="tags" />, cell: ({ getValue }) => <TagsCell tags={getValue()} /> }),
  column.accessor("updateTime", {
    header: () => <SortHeader field="update_time" text="updated" />,
    cell: ({ getValue }) => (
      <span className="text-ink-soft">
        <Time value={getValue()} />
      </span>
    ),
  }),
  column.display({
    id: "menu",
    header: () => <HeaderText text="actions" hidden />,
    cell: ({ row }) => <MenuCell product={row.original} />,
  }),
]);

/** Widths, and from which width of the screen on a column is there. */
const columnClass: Readonly<Record<string, string>> = {
  select: "w-12 pl-4!",
  name: "",
  sku: "w-36 max-xl:hidden",
  brand: "w-40",
  price: "w-40 text-right",
  tags: "w-48 max-2xl:hidden",
  updateTime: "w-36 max-xl:hidden",
  menu: "w-14 pr-3! text-right",
};

const sortedColumns: Readonly<Record<string, string>> = {
  name: "name",
  sku: "sku",
  brand: "brand",
  price: "price",
  updateTime: "update_time",
};

/** The rows as a table. Only those in sight are in the page, so that 100,000 are as fast as ten. */
export function ProductTable(props: ProductTableProps) {
  const { products, label, order, ranked, selection } = props;
  const data = useMemo(() => [...products], [products]);
  const table = useTable({ features, columns, data, getRowId: ({ id }) => id });
  const rows = table.getRowModel().rows;
  const { anchor, items, before, after } = useVirtualRows(rows.length, rowHeight, props.onEnd);
  const shownOrder = order ?? (ranked ? undefined : defaultOrder);
  return (
    <Context value={props}>
      <div ref={anchor} className="rounded-xl border border-line bg-surface shadow-card">
        <table aria-label={label} aria-rowcount={-1} className="w-full table-fixed border-separate border-spacing-0 text-sm">
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} aria-rowindex={1}>
                {group.headers.map((header) => (
                  <th
                    key={header.id}
                    scope="col"
                    {...sortAttribute(sortedColumns[header.column.id], shownOrder)}
                    className={clsx(
                      "sticky top-0 z-10 h-10 border-b border-line bg-canvas px-3 text-left text-xs font-medium whitespace-nowrap text-ink-soft first:rounded-tl-xl last:rounded-tr-xl",
                      columnClass[header.column.id],
                    )}
                  >
                    <table.FlexRender header={header} />
                  </th>
                ))}
              </tr>
            ))}
          </thead>
          <tbody>
            <Spacer height={before} />
            {items.map(({ index }) => {
              const row = rows[index];
              if (row === undefined) return null;
              const picked = selection.products.has(row.id);
              return (
                <tr
                  key={row.id}
                  data-row={index}
                  aria-rowindex={index + 2}
                  className={clsx(
                    "h-15 [&:focus-within>td]:bg-canvas",
                    picked ? "[&>td]:bg-accent-soft/60" : "hover:[&>td]:bg-canvas",
                  )}
                >
                  {row.getAllCells().map((cell) => (
                    <td key={cell.id} className={clsx("border-b border-line px-3 py-0", columnClass[cell.column.id])}>
                      <table.FlexRender cell={cell} />
                    </td>
                  ))}
                </tr>
              );
            })}
            <Spacer height={after} />
          </tbody>
        </table>
      </div>
    </Context>
  );
}

function Spacer({ height }: { readonly height: number }) {
  return height > 0 ? (
    <tr aria-hidden>
      {/* Of one column: to span those that are hidden would bring them back. */}
      <td className="p-0" style={{ height }} />
    </tr>
  ) : null;
}

function sortAttribute(field: string | undefined, order: Order | undefined) {
  if (field === undefined) return {};
  const direction = order === field ? "ascending" : order === `-${field}` ? "descending" : undefined;
  return direction === undefined ? {} : { "aria-sort": direction as "ascending" | "descending" };
}

function useRows(): ProductTableProps {
  const props = useContext(Context);
  if (props === undefined) throw new Error("outside of a ProductTable");
  return props;
}

function SortHeader({
  field,
  text,
}: {
  readonly field: string;
  readonly text: "product" | "sku" | "brand" | "price" | "updated";
}) {
  const m = useMessages(messages);
  const { order, ranked, onSort } = useRows();
  const shown = order ?? (ranked ? undefined : defaultOrder);
  const direction = shown === field ? "ascending" : shown === `-${field}` ? "descending" : undefined;
  return (
    <SortButton direction={direction} onSort={() => onSort(nextOrder(order, field))}>
      {m[text]}
    </SortButton>
  );
}

function HeaderText({ text, hidden = false }: { readonly text: "tags" | "actions"; readonly hidden?: boolean }) {
  const m = useMessages(messages);
  return <span className={hidden ? "sr-only" : ""}>{m[text]}</span>;
}

function SelectAll() {
  const m = useMessages(messages);
  const { products, selection } = useRows();
  const picked = products.filter(({ id }) => selection.products.has(id)).length;
  const state = picked === 0 ? false : picked === products.length ? true : "indeterminate";
  return (
    <Checkbox
      aria-label={m.selectAll}
      checked={state}
      onCheckedChange={() => (picked === products.length ? selection.clear() : selection.add(products))}
    />
  );
}

function SelectCell({ product }: { readonly product: Product }) {
  const m = useMessages(messages);
  const { selection } = useRows();
  return (
    <Checkbox
      aria-label={m.select(product.name)}
      checked={selection.products.has(product.id)}
      onClick={(event) => {
        event.preventDefault();
        selection.toggle(product, event.shiftKey);
      }}
    />
  );
}

function NameCell({ product }: { readonly product: Product }) {
  const m = useMessages(messages);
  const deleted = product.deleteTime !== undefined;
  return (
    <span className="flex items-center gap-3">
      <Thumb urls={product.imageUrls} brand={product.brand} className="size-10" />
      <span className="min-w-0 flex-1">
        <Link
          to="/admin/products/$id"
          params={{ id: product.id }}
          data-row-link
          title={product.name}
          className={clsx(
            "block truncate rounded font-medium hover:text-accent-ink hover:underline",
            deleted && "text-ink-soft line-through",
          )}
        >
          {product.name}
        </Link>
        <span className="block truncate font-mono text-xs text-ink-soft xl:hidden">{product.sku}</span>
      </span>
      {deleted && <Badge tone="danger">{m.deleted}</Badge>}
    </span>
  );
}

function Price({ product }: { readonly product: Product }) {
  const { editing, onEditPrice, actions } = useRows();
  return (
    <PriceCell
      product={product}
      editing={editing === product.id}
      onEdit={(on) => onEditPrice(on ? product.id : undefined)}
      onSave={(price) => actions.setPrice(product, price)}
    />
  );
}

function TagsCell({ tags }: { readonly tags: readonly string[] }) {
  const { onTag } = useRows();
  return (
    <span className="flex items-center gap-1.5 overflow-hidden" title={tags.join(", ")}>
      {tags.slice(0, 2).map((tag) => (
        <button
          key={tag}
          type="button"
          onClick={() => onTag(tag)}
          className="max-w-24 truncate rounded-md bg-sunken px-2 py-0.5 text-xs text-ink-soft hover:text-ink"
        >
          {tag}
        </button>
      ))}
      {tags.length > 2 && <span className="text-xs text-ink-soft">+{tags.length - 2}</span>}
    </span>
  );
}

function MenuCell({ product }: { readonly product: Product }) {
  const { actions, onEdit } = useRows();
  return <RowMenu product={product} actions={actions} onEdit={() => onEdit(product)} />;
}

/** Holds the place of the table while it loads. */
export function ProductTableSkeleton() {
  const m = useMessages(messages);
  return (
    <div role="status" aria-label={m.loading} className="overflow-hidden rounded-xl border border-line bg-surface shadow-card">
      <div className="h-10 border-b border-line bg-canvas" />
      {Array.from({ length: 10 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike.
        <div key={index} className="flex h-15 items-center gap-4 border-b border-line px-4 last:border-0">
          <Skeleton className="size-5" />
          <Skeleton className="size-10 rounded-lg" />
          <Skeleton className="h-4 flex-1" />
          <Skeleton className="h-4 w-24 max-sm:hidden" />
          <Skeleton className="h-4 w-20" />
        </div>
      ))}
    </div>
  );
}
