import type { Product } from "@zebrands/catalog";
import { useEffect, useRef, useState } from "react";

/** Products that were picked to do something with, in the order in which they were. */
export interface Selection {
  readonly products: ReadonlyMap<string, Product>;
  /** Picks one or lets it go; with `range`, all rows from the last one that was toggled. */
  toggle(product: Product, range?: boolean): void;
  add(products: readonly Product[]): void;
  /** Takes note of what products are now, those of them that are picked. */
  update(products: readonly Product[]): void;
  clear(): void;
}

/** Keeps a selection until the question changes to which the rows are the answer. */
export function useSelection(rows: readonly Product[], question: string): Selection {
  const [products, setProducts] = useState<ReadonlyMap<string, Product>>(new Map());
  const last = useRef<string>(undefined);
  useEffect(() => {
    question;
    setProducts(new Map());
  }, [question]);
  return {
    products,
    toggle: (product, range = false) => {
      const next = new Map(products);
      const to = rows.findIndex(({ id }) => id === product.id);
      const from = range ? rows.findIndex(({ id }) => id === last.current) : to;
      if (from !== to && from >= 0 && to >= 0) {
        for (const row of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) next.set(row.id, row);
      } else if (!next.delete(product.id)) {
        next.set(product.id, product);
      }
      last.current = product.id;
      setProducts(next);
    },
    add: (more) => setProducts((now) => new Map([...now, ...more.map((product) => [product.id, product] as const)])),
    update: (changed) =>
      setProducts((now) => {
        const next = new Map(now);
        for (const product of changed) if (next.has(product.id)) next.set(product.id, product);
        return next;
      }),
    clear: () => setProducts(new Map()),
  };
}
