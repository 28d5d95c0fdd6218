import { Link } from "@tanstack/react-router";
import type { Product } from "@zebrands/catalog";
import { Copy, Ellipsis, Pencil, RotateCcw, Store, Trash2 } from "lucide-react";
import { useMessages } from "@/i18n";
import { IconButton } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";
import type { ProductActions } from "./actions";
import { messages } from "./messages";

interface RowMenuProps {
  readonly product: Product;
  readonly actions: ProductActions;
  readonly onEdit: () => void;
}

/** What can be done with the product of a row. */
export function RowMenu({ product, actions, onEdit }: RowMenuProps) {
  const m = useMessages(messages);
  const deleted = product.deleteTime !== undefined;
  return (
    <Menu
      trigger={
        <IconButton label={m.actionsFor(product.name)} size="sm">
          <Ellipsis />
        </IconButton>
      }
    >
      {({ MenuItem, MenuSeparator }) => (
        <>
          {!deleted && (
            <>
              <MenuItem icon={Pencil} onSelect={onEdit}>
                {m.edit}
              </MenuItem>
              <MenuItem asChild>
                <Link to="/p/$id" params={{ id: product.id }}>
                  <Store aria-hidden />
                  {m.openInShop}
                </Link>
              </MenuItem>
            </>
          )}
          <MenuItem icon={Copy} onSelect={() => void navigator.clipboard?.writeText(product.sku).then(() => toast(m.copied))}>
            {m.copySku}
          </MenuItem>
          <MenuSeparator />
          {deleted ? (
            <MenuItem icon={RotateCcw} onSelect={() => void actions.restore(product)}>
              {m.restore}
            </MenuItem>
          ) : (
            <MenuItem icon={Trash2} tone="danger" onSelect={() => void actions.remove(product)}>
              {m.delete}
            </MenuItem>
          )}
        </>
      )}
    </Menu>
  );
}
