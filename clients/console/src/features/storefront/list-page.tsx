import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import clsx from "clsx";
import { CloudOff, PackageOpen, SearchX, SlidersHorizontal } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { countFilters } from "@/lib/product-filters";
import { defined } from "@/lib/search-params";
import { useTitle } from "@/lib/use-title";
import { ActiveFilters } from "@/ui/active-filters";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { messages as uiMessages } from "@/ui/messages";
import { EmptyState } from "@/ui/state";
import { BrandFilter, PriceFilter } from "./filters";
import { messages } from "./messages";
import { ProductCard, ProductCardSkeleton } from "./product-card";
import { listedProducts, productListOptions } from "./queries";
import { type Order, orders, queryOf, type ShopSearch } from "./search-state";

type Change = { [K in keyof ShopSearch]?: ShopSearch[K] | undefined };

export function ProductListPage() {
  const m = useMessages(messages);
  const format = useFormat();
  const search = useSearch({ from: "/shop/" });
  const navigate = useNavigate({ from: "/" });
  const list = useInfiniteQuery(productListOptions(queryOf(search)));
  const products = useMemo(() => list.data?.pages.flatMap((page) => page.products) ?? [], [list.data]);
  const currencies = useCurrencies(list.data, search.currency);
  const [filtersShown, setFiltersShown] = useState(false);
  useTitle(search.q ?? m.title);

  const change = (part: Change) => void navigate({ search: (before) => defined({ ...before, ...part }) });
  const reset = () => void navigate({ search: {} });
  const filters = countFilters(search);
  const narrowed = filters > 0 || search.q !== undefined;
  const status = list.isError
    ? "error"
    : list.isPending
      ? "pending"
      : products.length > 0
        ? "some"
        : narrowed
          ? "nothing"
          : "empty";
  if (status === "empty") {
    return (
      <EmptyState icon={PackageOpen} title={m.empty} heading="h1">
        {m.emptyText}
      </EmptyState>
    );
  }

  return (
    <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)] lg:gap-10">
      <aside
        id="filters"
        aria-label={m.filters}
        className={clsx(
          "flex-col gap-7 self-start lg:sticky lg:top-24 lg:flex lg:max-h-[calc(100dvh-7rem)] lg:overflow-y-auto lg:-mx-1 lg:px-1 lg:pb-2",
          filtersShown ? "mb-6 flex rounded-xl border border-line bg-surface p-4 lg:border-0 lg:bg-transparent" : "hidden",
        )}
      >
        <BrandFilter search={search} onChange={change} />
        <PriceFilter search={search} onChange={change} currencies={currencies} />
        <Button variant="primary" className="lg:hidden" onClick={() => setFiltersShown(false)}>
          {m.done}
        </Button>
      </aside>

      <section aria-label={m.title} className="min-w-0">
        <div className="mb-5 flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
          <div className="min-w-0">
            <h1 className="truncate text-xl font-semibold tracking-tight sm:text-2xl">
              {search.q === undefined ? m.all : m.resultsFor(search.q)}
            </h1>
            <p aria-live="polite" className="h-5 text-sm text-ink-soft tabular-nums">
              {products.length > 0 && (list.hasNextPage ? m.countSoFar : m.count)(format.number(products.length))}
            </p>
          </div>
          <div className="flex gap-2 max-sm:w-full">
            <Button
              className="flex-1 lg:hidden"
              aria-expanded={filtersShown}
              aria-controls="filters"
              onClick={() => setFiltersShown(!filtersShown)}
            >
              <SlidersHorizontal aria-hidden />
              {m.showFilters(format.number(filters))}
            </Button>
            <SortSelect search={search} onChange={change} />
          </div>
        </div>

        <ActiveFilters filters={search} onChange={change} onReset={reset} />
        <Results status={status} busy={list.isPlaceholderData} onRetry={() => void list.refetch()} onReset={reset}>
          {products.map((product, index) => (
            <ProductCard key={product.id} product={product} eager={index < 8} />
          ))}
          {list.isFetchingNextPage && skeletons(6)}
        </Results>
        {list.hasNextPage && (
          <More
            key={products.length}
            loading={list.isFetchingNextPage}
            failed={list.isFetchNextPageError}
            onMore={() => void list.fetchNextPage()}
          />
        )}
      </section>
    </div>
  );
}

type Status = "pending" | "error" | "nothing" | "some";

interface ResultsProps {
  readonly status: Status;
  /** Whether others are on their way: what is shown is of the search before. */
  readonly busy: boolean;
  readonly onRetry: () => void;
  readonly onReset: () => void;
  readonly children: React.ReactNode;
}

function Results({ status, busy, onRetry, onReset, children }: ResultsProps) {
  const m = useMessages(messages);
  const { clearAll } = useMessages(uiMessages);
  switch (status) {
    case "error":
      return (
        <div role="alert">
          <EmptyState
            icon={CloudOff}
            title={m.couldNotLoad}
            action={
              <Button variant="primary" onClick={onRetry}>
                {m.tryAgain}
              </Button>
            }
          >
            {m.couldNotLoadText}
          </EmptyState>
        </div>
      );
    case "nothing":
      return (
        <EmptyState icon={SearchX} title={m.nothing} action={<Button onClick={onReset}>{clearAll}</Button>}>
          {m.nothingText}
        </EmptyState>
      );
    default:
      return (
        <ul
          aria-busy={busy || status === "pending"}
          aria-label={status === "pending" ? m.loading : m.title}
          className={clsx(
            "grid grid-cols-2 gap-x-4 gap-y-8 transition-opacity sm:grid-cols-3 sm:gap-x-5 xl:grid-cols-4 2xl:grid-cols-5",
            busy && "opacity-55",
          )}
        >
          {status === "pending" ? skeletons(12) : children}
        </ul>
      );
  }
}

function skeletons(count: number) {
  // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike.
  return Array.from({ length: count }, (_, index) => <ProductCardSkeleton key={index} />);
}

/** Fetches the next page when it comes near; a button for those who do not scroll, and for after a failure. */
function More({ loading, failed, onMore }: { readonly loading: boolean; readonly failed: boolean; readonly onMore: () => void }) {
  const m = useMessages(messages);
  const mark = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    if (failed || mark.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) latest.current();
      },
      { rootMargin: "600px" },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [failed]);
  return (
    <div ref={mark} className="mt-10 flex justify-center">
      <Button onClick={onMore} aria-disabled={loading}>
        {failed ? m.tryAgain : m.more}
      </Button>
    </div>
  );
}

function SortSelect({ search, onChange }: { readonly search: ShopSearch; readonly onChange: (change: Change) => void }) {
  const m = useMessages(messages);
  const names: Record<Order, string> = { newest: m.newest, price: m.cheapest, "-price": m.dearest, name: m.name };
  const implied: Order | "" = search.q === undefined ? "newest" : "";
  return (
    <div className="min-w-0 flex-1 sm:w-52 sm:flex-none">
      <Select
        aria-label={m.sort}
        value={search.sort ?? implied}
        onChange={(event) => onChange({ sort: orders.find((order) => order === event.target.value && order !== implied) })}
      >
        {search.q !== undefined && <option value="">{m.best}</option>}
        {orders.map((order) => (
          <option key={order} value={order}>
            {names[order]}
          </option>
        ))}
      </Select>
    </div>
  );
}

/** Returns the currencies of what was listed so far, and of the address. */
function useCurrencies(listed: unknown, chosen: string | undefined): readonly string[] {
  const client = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is listed changes the memory that is read here.
  return useMemo(() => {
    const codes = new Set(listedProducts(client).map((product) => product.price.currencyCode));
    if (chosen !== undefined) codes.add(chosen);
    return [...codes].sort();
  }, [client, listed, chosen]);
}
