import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import clsx from "clsx";
import { ArrowLeft, CloudOff, PackageX } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { ShopError, type ShopProduct } from "@/lib/shop";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { EmptyState, Skeleton } from "@/ui/state";
import { messages } from "./messages";
import { ProductImage } from "./product-image";
import { listedProducts, productOptions } from "./queries";

export function ProductPage() {
  const m = useMessages(messages);
  const { id } = useParams({ from: "/shop/p/$id" });
  const listed = useListedProduct(id);
  const product = useQuery({ ...productOptions(id), ...(listed !== undefined && { placeholderData: listed }) });
  useTitle(product.data?.name);
  return (
    <div className="mx-auto max-w-6xl">
      <Link to="/" className="mb-5 inline-flex items-center gap-1.5 rounded-md text-sm text-ink-soft hover:text-ink">
        <ArrowLeft className="size-4" aria-hidden />
        {m.back}
      </Link>
      {product.isError ? (
        <Problem error={product.error} onRetry={() => void product.refetch()} />
      ) : product.data === undefined ? (
        <ProductSkeleton />
      ) : (
        <ProductDetails key={id} product={product.data} />
      )}
    </div>
  );
}

function ProductDetails({ product }: { readonly product: ShopProduct }) {
  const m = useMessages(messages);
  const format = useFormat();
  const attributes = Object.entries(product.attributes);
  return (
    <article className="grid gap-8 md:grid-cols-2 lg:gap-14">
      <Gallery product={product} />
      <div className="min-w-0">
        <Link
          to="/"
          search={{ brand: [product.brand] }}
          className="rounded-md text-sm font-medium text-accent-ink underline-offset-4 hover:underline"
        >
          {product.brand}
        </Link>
        <h1 className="mt-1.5 text-2xl leading-tight font-semibold tracking-tight wrap-anywhere lg:text-3xl">{product.name}</h1>
        <p className="mt-4 text-3xl font-semibold tracking-tight tabular-nums">{format.money(product.price)}</p>
        <p
          className={clsx(
            "mt-6 max-w-prose leading-relaxed wrap-anywhere whitespace-pre-line",
            product.description === "" && "text-ink-soft",
          )}
        >
          {product.description || m.noDescription}
        </p>
        {product.tags.length > 0 && (
          <ul aria-label={m.tags} className="mt-6 flex flex-wrap gap-2">
            {product.tags.map((tag) => (
              <li key={tag}>
                <Link
                  to="/"
                  search={{ tag }}
                  className="inline-flex h-7.5 items-center rounded-full bg-sunken px-3 text-sm hover:bg-accent-soft hover:text-accent-ink pointer-coarse:h-10"
                >
                  {tag}
                </Link>
              </li>
            ))}
          </ul>
        )}
        <h2 className="mt-8 mb-2 font-semibold">{m.details}</h2>
        <dl className="text-sm">
          {[[m.sku, product.sku] as const, ...attributes].map(([name, value]) => (
            <div key={name} className="grid grid-cols-[minmax(6rem,2fr)_5fr] gap-4 border-t border-line py-2.5">
              <dt className="text-ink-soft wrap-anywhere">{name}</dt>
              <dd className="wrap-anywhere">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </article>
  );
}

function Gallery({ product }: { readonly product: ShopProduct }) {
  const m = useMessages(messages);
  const format = useFormat();
  const [shown, setShown] = useState(0);
  const { imageUrls } = product;
  const main = imageUrls[shown];
  return (
    <div className="min-w-0 self-start md:sticky md:top-24">
      <ProductImage
        key={main}
        urls={main === undefined ? [] : [main]}
        brand={product.brand}
        alt={product.name}
        eager
        className="@container aspect-4/3 rounded-2xl md:aspect-square border border-line"
      />
      {imageUrls.length > 1 && (
        <ul aria-label={m.pictures} className="mt-3 flex gap-2.5 overflow-x-auto p-1">
          {imageUrls.map((url, index) => (
            <li key={url} className="shrink-0">
              <button
                type="button"
                aria-label={m.picture(format.number(index + 1))}
                aria-pressed={index === shown}
                onClick={() => setShown(index)}
                className="block rounded-lg border-2 border-transparent aria-pressed:border-accent"
              >
                <ProductImage urls={[url]} brand={product.brand} alt="" className="@container size-16 rounded-md" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Problem({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  const m = useMessages(messages);
  const temporary = error instanceof ShopError && error.temporary;
  useTitle(temporary ? m.couldNotLoad : m.gone);
  return (
    <div role="alert">
      <EmptyState
        heading="h1"
        icon={temporary ? CloudOff : PackageX}
        title={temporary ? m.couldNotLoad : m.gone}
        action={
          temporary ? (
            <Button variant="primary" onClick={onRetry}>
              {m.tryAgain}
            </Button>
          ) : (
            <Button variant="primary" asChild>
              <Link to="/">{m.back}</Link>
            </Button>
          )
        }
      >
        {temporary ? m.couldNotLoadText : m.goneText}
      </EmptyState>
    </div>
  );
}

function ProductSkeleton() {
  return (
    <div className="grid gap-8 md:grid-cols-2 lg:gap-14" aria-hidden>
      <Skeleton className="aspect-4/3 rounded-2xl md:aspect-square" />
      <div>
        <Skeleton className="h-4 w-24" />
        <Skeleton className="mt-3 h-8 w-4/5" />
        <Skeleton className="mt-5 h-8 w-32" />
        <Skeleton className="mt-7 h-4" />
        <Skeleton className="mt-2 h-4 w-5/6" />
        <Skeleton className="mt-2 h-4 w-2/3" />
      </div>
    </div>
  );
}

/** Returns a product as a list has it that was shown before, so that its page is there at once. The read still takes place. */
function useListedProduct(id: string): ShopProduct | undefined {
  return listedProducts(useQueryClient()).find((product) => product.id === id);
}
