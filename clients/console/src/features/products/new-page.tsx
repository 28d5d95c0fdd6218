import { useQueryClient } from "@tanstack/react-query";
import { Link, useBlocker, useNavigate } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useRef, useState } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { asMessage, emptyValues, type Values } from "@/lib/product/fields";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { Card, PageHeader } from "@/ui/card";
import { ConfirmDialog, DialogActions } from "@/ui/dialog";
import { SubmitButton } from "@/ui/form";
import { toast } from "@/ui/toast";
import { refreshLists } from "./data";
import { messages } from "./messages";
import { ProductForm } from "./product-form";

export function NewProductPage() {
  const m = useMessages(messages);
  const navigate = useNavigate();
  const client = useQueryClient();
  const dirty = useRef(false);
  const another = useRef(false);
  // A new form for the next product, which likely has the same brand and currency.
  const [form, setForm] = useState({ number: 0, initial: emptyValues });
  const blocker = useBlocker({ shouldBlockFn: () => dirty.current, enableBeforeUnload: () => dirty.current, withResolver: true });
  useTitle(m.newProduct);

  async function create(values: Values) {
    const { product } = await catalog.products.createProduct({ product: asMessage(values) });
    dirty.current = false;
    void refreshLists(client);
    toast(m.createdToast(values.name));
    if (another.current) {
      const price = { amount: "", currencyCode: values.price.currencyCode };
      setForm({ number: form.number + 1, initial: { ...emptyValues, brand: values.brand, price } });
    } else if (product !== undefined) {
      await navigate({ to: "/admin/products/$id", params: { id: product.id } });
    }
  }

  return (
    <div className="mx-auto max-w-2xl">
      <Link
        to="/admin/products"
        className="mb-4 inline-flex items-center gap-1.5 rounded-md text-sm text-ink-soft hover:text-ink"
      >
        <ArrowLeft className="size-4" aria-hidden />
        {m.back}
      </Link>
      <PageHeader title={m.newProduct} description={m.newText} />
      <Card className="p-5 sm:p-6">
        <ProductForm
          key={form.number}
          initial={form.initial}
          onSubmit={create}
          onDirty={() => {
            dirty.current = true;
          }}
        >
          <DialogActions>
            {/* Not a submit button: Enter in a field means the main one. */}
            <Button
              onClick={(event) => {
                another.current = true;
                event.currentTarget.form?.requestSubmit();
              }}
            >
              {m.createAnother}
            </Button>
            <SubmitButton
              onClick={() => {
                another.current = false;
              }}
            >
              {m.create}
            </SubmitButton>
          </DialogActions>
        </ProductForm>
      </Card>
      <ConfirmDialog
        open={blocker.status === "blocked"}
        onOpenChange={() => blocker.reset?.()}
        title={m.unsaved}
        description={m.unsavedText}
        confirm={m.leave}
        onConfirm={() => blocker.proceed?.()}
      />
    </div>
  );
}
