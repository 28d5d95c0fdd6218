import { Link } from "@tanstack/react-router";
import type { Product } from "@zebrands/catalog";
import { useMessages } from "@/i18n";
import { Badge } from "@/ui/badge";
import { Skeleton } from "@/ui/state";
import { Td } from "@/ui/table";
import { messages } from "./messages";

/** A product's name, which leads to its page, and its SKU. */
export function ProductCell({ product }: { readonly product: Product }) {
  const m = useMessages(messages);
  return (
    <div className="min-w-36">
      <Link
        to="/admin/products/$id"
        params={{ id: product.id }}
        className="line-clamp-2 font-medium wrap-anywhere hover:underline hover:underline-offset-3"
      >
        {product.name}
      </Link>
      <p className="flex flex-wrap items-center gap-x-2 text-xs text-ink-soft">
        {product.sku}
        {product.deleteTime !== undefined && <Badge>{m.deleted}</Badge>}
      </p>
    </div>
  );
}

export function SkeletonRows({ columns }: { readonly columns: number }) {
  return [0, 1, 2, 3, 4].map((row) => (
    <tr key={row} className="border-b border-line last:border-0">
      <Td colSpan={columns}>
        <Skeleton className="mb-1.5 h-4 w-52" />
        <Skeleton className="h-3 w-24" />
      </Td>
    </tr>
  ));
}
