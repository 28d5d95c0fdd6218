import { Link } from "@tanstack/react-router";
import { useFormat } from "@/i18n";
import type { ShopProduct } from "@/lib/shop";
import { Skeleton } from "@/ui/state";
import { ProductImage } from "./product-image";

/** A product in the list. The whole card is its link. */
export function ProductCard({ product, eager }: { readonly product: ShopProduct; readonly eager: boolean }) {
  const format = useFormat();
  return (
    <li className="group relative flex min-w-0 flex-col">
      <ProductImage
        urls={product.imageUrls}
        brand={product.brand}
        alt=""
        eager={eager}
        className="@container aspect-4/3 rounded-xl border border-line transition-shadow group-hover:shadow-float"
      />
      <p className="mt-3 truncate text-xs text-ink-soft">{product.brand}</p>
      <h2 className="mt-0.5 line-clamp-2 text-sm leading-snug font-medium">
        <Link
          to="/p/$id"
          params={{ id: product.id }}
          className="after:absolute after:inset-0 after:rounded-xl group-hover:text-accent-ink focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-offset-4 focus-visible:after:outline-accent"
        >
          {product.name}
        </Link>
      </h2>
      <p className="mt-1.5 font-semibold tabular-nums">{format.money(product.price)}</p>
    </li>
  );
}

export function ProductCardSkeleton() {
  return (
    <li className="flex flex-col" aria-hidden>
      <Skeleton className="aspect-4/3 rounded-xl" />
      <Skeleton className="mt-3 h-3 w-1/3" />
      <Skeleton className="mt-2 h-4 w-11/12" />
      <Skeleton className="mt-2 h-5 w-1/4" />
    </li>
  );
}
