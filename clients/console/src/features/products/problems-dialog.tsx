import { Link } from "@tanstack/react-router";
import type { Product } from "@zebrands/catalog";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "@/i18n";
import { sentence, useDescribeError, useDescribeViolation } from "@/lib/errors";
import { fieldAt } from "@/lib/product/fields";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import type { Failure, Outcome } from "./bulk";
import { messages } from "./messages";

interface ProblemsDialogProps {
  readonly outcome: Outcome;
  /** Says how many were done. */
  readonly done: string;
  readonly onClose: () => void;
}

/** Tells which of many products were refused, and why, and of which nobody knows what became of them. Loaded when there are any. */
export default function ProblemsDialog({ outcome, done, onClose }: ProblemsDialogProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const { failures, uncertain } = outcome;
  const count = (items: readonly unknown[]) => [format.number(items.length), items.length === 1] as const;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={failures.length > 0 ? m.someFailed(...count(failures)) : m.noAnswer}
      description={done}
    >
      {failures.length > 0 && (
        <ProductList intro={m.someFailedText} items={failures} name={({ product }) => product}>
          {(failure) => <Why failure={failure} />}
        </ProductList>
      )}
      {uncertain.length > 0 && (
        <ProductList intro={m.uncertainText(...count(uncertain))} items={uncertain} name={(product) => product}>
          {() => null}
        </ProductList>
      )}
      <DialogActions>
        <Button variant="primary" onClick={onClose}>
          OK
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** More would make a long page of what nobody reads. */
const shown = 100;

interface ProductListProps<T> {
  readonly intro: string;
  readonly items: readonly T[];
  readonly name: (item: T) => Product;
  readonly children: (item: T) => ReactNode;
}

function ProductList<T>({ intro, items, name, children }: ProductListProps<T>) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <section className="mb-4">
      <p className="text-sm text-ink-soft">{intro}</p>
      <ul className="mt-1 flex flex-col divide-y divide-line text-sm">
        {items.slice(0, shown).map((item) => (
          <li key={name(item).id} className="py-2">
            <Link to="/admin/products/$id" params={{ id: name(item).id }} className="font-medium hover:underline">
              {name(item).name}
            </Link>
            {children(item)}
          </li>
        ))}
      </ul>
      {items.length > shown && <p className="text-sm text-ink-soft">{m.andMore(format.number(items.length - shown))}</p>}
    </section>
  );
}

function Why({ failure: { error, violations } }: { readonly failure: Failure }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const describeViolation = useDescribeViolation();
  if (violations.length === 0) return <p className="text-danger-ink">{describe(error)}</p>;
  return violations.map((violation) => {
    const field = fieldAt(violation.field);
    const text = describeViolation(violation);
    return (
      <p key={violation.field} className="text-danger-ink">
        {sentence(field === undefined ? text : `${m[field]}: ${text}`)}
      </p>
    );
  });
}
