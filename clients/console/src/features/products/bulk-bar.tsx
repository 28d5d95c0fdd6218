import type { Product } from "@zebrands/catalog";
import { BadgeDollarSign, ListChecks, RotateCcw, Tag, Trash2, X } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { Button, IconButton } from "@/ui/button";
import { FloatingBar } from "@/ui/floating-bar";
import { messages } from "./messages";

export type BulkAction = "price" | "tags" | "delete" | "restore";

interface BulkBarProps {
  readonly products: readonly Product[];
  readonly onAction: (action: BulkAction) => void;
  /** Not set if everything that matches is selected already. */
  readonly onSelectMatching: (() => void) | undefined;
  readonly onClear: () => void;
}

/** What can be done with the selected products; floats over the page for as long as there are any. */
export function BulkBar({ products, onAction, onSelectMatching, onClear }: BulkBarProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const deleted = products.filter(({ deleteTime }) => deleteTime !== undefined).length;
  const live = products.length - deleted;
  return (
    <FloatingBar label={m.bulkActions} selected={m.selected(format.number(products.length))}>
      {onSelectMatching !== undefined && (
        <Button size="sm" variant="ghost" onClick={onSelectMatching} className="text-accent-ink!">
          <ListChecks aria-hidden />
          {m.selectMatching}
        </Button>
      )}
      <span className="flex flex-wrap gap-1 max-sm:order-last max-sm:w-full max-sm:justify-between">
        {live > 0 && (
          <>
            <Button size="sm" variant="ghost" onClick={() => onAction("price")}>
              <BadgeDollarSign aria-hidden />
              {m.changePrice}
            </Button>
            <Button size="sm" variant="ghost" onClick={() => onAction("tags")}>
              <Tag aria-hidden />
              {m.tagAction}
            </Button>
            <Button size="sm" variant="ghost" onClick={() => onAction("delete")} className="text-danger-ink!">
              <Trash2 aria-hidden />
              {m.delete}
            </Button>
          </>
        )}
        {deleted > 0 && (
          <Button size="sm" variant="ghost" onClick={() => onAction("restore")}>
            <RotateCcw aria-hidden />
            {m.restore}
          </Button>
        )}
      </span>
      <IconButton size="sm" label={m.clearSelection} onClick={onClear} className="max-sm:ml-auto">
        <X />
      </IconButton>
    </FloatingBar>
  );
}
