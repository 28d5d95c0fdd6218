import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { useMessages } from "@/i18n";
import { Badge } from "@/ui/badge";
import { Checkbox } from "@/ui/toggle";
import { messages } from "./messages";
import { PriceCell } from "./price-cell";
import type { RowsProps } from "./product-table";
import { RowMenu } from "./row-menu";
import { Thumb } from "./thumb";
import { useVirtualRows } from "./virtual-rows";

/** The rows as cards, for narrow screens. */
export function ProductCards({
  products,
  selection,
  actions,
  editing,
  onEditPrice,
  onEdit,
  onEnd,
  label,
}: RowsProps & { readonly label: string }) {
  const m = useMessages(messages);
  const { anchor, items, before, after, measure } = useVirtualRows(products.length, 108, onEnd);
  return (
    <div ref={anchor}>
      <div style={{ height: before }} />
      <ul aria-label={label}>
        {items.map(({ index }) => {
          const product = products[index];
          if (product === undefined) return null;
          const picked = selection.products.has(product.id);
          const deleted = product.deleteTime !== undefined;
          return (
            <li key={product.id} ref={measure} data-index={index} data-row={index} className="pb-2">
              <div
                className={clsx(
                  "flex gap-3 rounded-xl border p-3 shadow-card",
                  picked ? "border-accent bg-accent-soft" : "border-line bg-surface",
                )}
              >
                {/* biome-ignore lint/a11y/noLabelWithoutControl: the checkbox is Radix's, a button, which a label may hold. */}
                <label className="-m-3 mr-0 flex items-start p-3 pr-0 pt-3.5">
                  <Checkbox
                    aria-label={m.select(product.name)}
                    checked={picked}
                    onClick={(event) => {
                      event.preventDefault();
                      selection.toggle(product, event.shiftKey);
                    }}
                  />
                </label>
                <Thumb urls={product.imageUrls} brand={product.brand} className="size-12" />
                <div className="min-w-0 flex-1">
                  <Link
                    to="/admin/products/$id"
                    params={{ id: product.id }}
                    data-row-link
                    className={clsx("line-clamp-2 rounded leading-snug font-medium", deleted && "text-ink-soft line-through")}
                  >
                    {product.name}
                  </Link>
                  <p className="mt-0.5 truncate text-xs text-ink-soft">
                    {product.brand} · <span className="font-mono">{product.sku}</span>
                  </p>
                  <div className="mt-1 flex min-h-8 flex-wrap items-center justify-between gap-x-3">
                    <span className="px-2 -ml-2">
                      <PriceCell
                        product={product}
                        editing={editing === product.id}
                        onEdit={(on) => onEditPrice(on ? product.id : undefined)}
                        onSave={(price) => actions.setPrice(product, price)}
                      />
                    </span>
                    {deleted && <Badge tone="danger">{m.deleted}</Badge>}
                  </div>
                </div>
                <div className="-mt-1 -mr-1">
                  <RowMenu product={product} actions={actions} onEdit={() => onEdit(product)} />
                </div>
              </div>
            </li>
          );
        })}
      </ul>
      <div style={{ height: after }} />
    </div>
  );
}
