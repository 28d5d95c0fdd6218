import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { isReason, type MoneyValue, type Product } from "@zebrands/catalog";
import { useFormat, useMessages } from "@/i18n";
import { useActorName } from "@/lib/actor-name";
import { catalog } from "@/lib/catalog";
import { useDescribeError } from "@/lib/errors";
import { fieldWords, priceOf, type Values } from "@/lib/product/fields";
import { toast } from "@/ui/toast";
import { sides } from "./conflict-sides";
import { type Conflict, type Resolve, saveProduct, showProducts } from "./data";
import { messages } from "./messages";

/** What can be done with one product. Each shows the result everywhere and offers to take it back. */
export interface ProductActions {
  /** Saves an edit; returns undefined if it was given up in a conflict. Throws what the server refuses. */
  save(product: Product, values: Partial<Values>): Promise<Product | undefined>;
  /** Saves a new price. Throws what the server refuses. */
  setPrice(product: Product, price: MoneyValue): Promise<void>;
  remove(product: Product): Promise<void>;
  restore(product: Product): Promise<void>;
}

/** Returns what can be done with one product; `resolve` asks about conflicts. */
export function useProductActions(resolve: Resolve): ProductActions {
  const client = useQueryClient();
  const m = useMessages(messages);
  const format = useFormat();
  const actorName = useActorName();
  const describe = useDescribeError();
  const failed = (error: unknown) => toast(describe(error), { tone: "danger" });

  const save = async (product: Product, values: Partial<Values>, ask: Resolve = resolve) => {
    const saved = await saveProduct(product, values, showing(client, ask));
    if (saved !== undefined) showProducts(client, [saved]);
    return saved;
  };

  const setPrice = async (product: Product, price: MoneyValue) => {
    let others: Conflict | undefined;
    // Somebody's change of something else is no reason to ask; the toast tells.
    const ask: Resolve = async (conflict) => {
      if (sides(conflict).both.length > 0) return resolve(conflict);
      others = conflict;
      return conflict.wanted;
    };
    const saved = await save(product, { price }, ask);
    if (saved === undefined) return;
    const before = priceOf(others?.current ?? product);
    const after = priceOf(saved);
    if (format.money(before) === format.money(after)) return;
    const change = others?.changes[0];
    const fields = others === undefined ? [] : fieldWords(sides(others).others, m);
    const text =
      change !== undefined && fields.length > 0
        ? m.mergedWith(actorName(change), format.list(fields))
        : m.priceChanged(product.name, format.money(before), format.money(after));
    toast(text, { onUndo: () => void undo(saved, { price: before }) });
  };

  /** Saves what was before, unless somebody changed the same meanwhile. */
  const undo = async (product: Product, values: Partial<Values>) => {
    try {
      const saved = await save(product, values, async (conflict) =>
        sides(conflict).both.length > 0 ? undefined : conflict.wanted,
      );
      toast(saved === undefined ? m.notUndone : m.undone, saved === undefined ? { tone: "danger" } : {});
    } catch (error) {
      failed(error);
    }
  };

  const remove = async (product: Product) => {
    try {
      const response = await catalog.products.deleteProduct({ id: product.id });
      if (response.product === undefined) return;
      const deleted = response.product;
      showProducts(client, [deleted]);
      toast(m.productDeleted(product.name), { onUndo: () => void restore(deleted) });
    } catch (error) {
      failed(error);
    }
  };

  const restore = async (product: Product) => {
    try {
      const response = await catalog.products.undeleteProduct({ id: product.id });
      if (response.product !== undefined) showProducts(client, [response.product]);
      toast(m.productRestored(product.name));
    } catch (error) {
      if (isReason(error, "PRODUCT_NOT_DELETED")) showProducts(client, [await catalog.products.get({ id: product.id })]);
      else failed(error);
    }
  };

  return { save: (product, values) => save(product, values), setPrice, remove, restore };
}

/** Shows what the product is now behind the question about it, also if the person gives up. */
function showing(client: QueryClient, resolve: Resolve): Resolve {
  return (conflict) => {
    showProducts(client, [conflict.current]);
    return resolve(conflict);
  };
}
