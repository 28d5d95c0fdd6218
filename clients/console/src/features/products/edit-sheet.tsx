import { useQuery } from "@tanstack/react-query";
import type { Product } from "@zebrands/catalog";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { valuesOf } from "@/lib/product/fields";
import { Button } from "@/ui/button";
import { ConfirmDialog, Dialog, DialogActions } from "@/ui/dialog";
import { SubmitButton } from "@/ui/form";
import { ErrorState, Skeleton } from "@/ui/state";
import { toast } from "@/ui/toast";
import type { ProductActions } from "./actions";
import { editOptions } from "./data";
import { messages } from "./messages";
import { ProductForm } from "./product-form";

interface EditSheetProps {
  readonly id: string;
  readonly actions: ProductActions;
  readonly onClose: () => void;
}

/** Edits a product at the side of the page that it was opened from. */
export function EditSheet({ id, actions, onClose }: EditSheetProps) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const [dirty, setDirty] = useState(false);
  const [leaving, setLeaving] = useState(false);
  // Read afresh, and then left alone: what is being edited must not change under the person's hands.
  const product = useQuery(editOptions(id));
  const close = () => (dirty ? setLeaving(true) : onClose());
  return (
    <>
      <Dialog open kind="sheet" onOpenChange={close} title={m.editProduct}>
        {product.isError ? (
          <ErrorState message={describe(product.error)} onRetry={() => void product.refetch()} />
        ) : product.data === undefined ? (
          <FormSkeleton />
        ) : (
          <EditForm product={product.data} actions={actions} onDirty={() => setDirty(true)} onCancel={close} onDone={onClose} />
        )}
      </Dialog>
      <ConfirmDialog
        open={leaving}
        onOpenChange={setLeaving}
        title={m.unsaved}
        description={m.unsavedText}
        confirm={m.leave}
        onConfirm={() => {
          setLeaving(false);
          onClose();
        }}
      />
    </>
  );
}

interface EditFormProps {
  readonly product: Product;
  readonly actions: ProductActions;
  readonly onDirty: () => void;
  readonly onCancel: () => void;
  readonly onDone: () => void;
}

function EditForm({ product, actions, onDirty, onCancel, onDone }: EditFormProps) {
  const m = useMessages(messages);
  return (
    <ProductForm
      initial={valuesOf(product)}
      onDirty={onDirty}
      onSubmit={async (values) => {
        const saved = await actions.save(product, values);
        if (saved === undefined) return;
        toast(m.saved);
        onDone();
      }}
    >
      <DialogActions>
        <Button onClick={onCancel}>{m.cancel}</Button>
        <SubmitButton>{m.save}</SubmitButton>
      </DialogActions>
    </ProductForm>
  );
}

function FormSkeleton() {
  return (
    <div className="flex flex-col gap-6 pt-2" aria-hidden>
      {["w-full", "w-2/3", "w-1/2", "w-full", "w-full"].map((width, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never move.
        <div key={index}>
          <Skeleton className="h-4 w-24" />
          <Skeleton className={`mt-2 h-9.5 rounded-lg ${width}`} />
        </div>
      ))}
    </div>
  );
}
