import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Product } from "@zebrands/catalog";
import { lazy, Suspense, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { ConfirmDialog, Dialog, DialogActions } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { type Change, changeMany, deleteMany, type Outcome, restoreMany, revertMany } from "./bulk";
import { type BulkAction, BulkBar } from "./bulk-bar";
import { showProducts } from "./data";
import { messages } from "./messages";
import type { RunTask } from "./task";

// Forms come when somebody asks for them.
const BulkPriceDialog = lazy(() => import("./bulk-dialogs").then((module) => ({ default: module.BulkPriceDialog })));
const BulkTagDialog = lazy(() => import("./bulk-dialogs").then((module) => ({ default: module.BulkTagDialog })));

interface BulkActionsProps {
  readonly selected: readonly Product[];
  readonly run: RunTask;
  /** Not set if everything that matches is selected already. */
  readonly onSelectMatching: (() => void) | undefined;
  readonly onClear: () => void;
}

/** The bar of what can be done with the selected products, and the dialogs that this goes through. Loaded with the first selection. */
export default function BulkActions({ selected, run, onSelectMatching, onClear }: BulkActionsProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const client = useQueryClient();
  const [asking, setAsking] = useState<Exclude<BulkAction, "restore">>();
  const [refused, setRefused] = useState<Outcome["failures"]>([]);
  const live = selected.filter(({ deleteTime }) => deleteTime === undefined);
  const close = () => setAsking(undefined);

  /** Shows what became of the products. */
  function finish(outcome: Outcome, done: (n: string, one: boolean) => string, undo?: () => void) {
    const count = outcome.done.length;
    showProducts(
      client,
      outcome.done.map(({ after }) => after),
    );
    const text = count === 0 ? m.nothingChanged : done(format.number(count), count === 1);
    if (count > 0 || outcome.failures.length === 0) {
      toast(outcome.canceled ? `${m.stoppedEarly} ${text}` : text, undo !== undefined && count > 0 ? { onUndo: undo } : {});
    }
    setRefused(outcome.failures);
  }

  async function change(how: Change) {
    close();
    const outcome = await run(m.changing, live.length, (progress) => changeMany(live, how, progress));
    finish(outcome, m.changedMany, async () => {
      const reverted = await run(m.undoing, outcome.done.length, (progress) => revertMany(outcome.done, progress));
      finish(reverted, m.changedMany);
    });
  }

  async function remove() {
    close();
    const outcome = await run(m.deleting, live.length, (progress) => deleteMany(live, progress));
    finish(outcome, m.deletedMany, () => void restore(outcome.done.map(({ after }) => after)));
  }

  async function restore(products: readonly Product[]) {
    const deleted = products.filter(({ deleteTime }) => deleteTime !== undefined);
    finish(await run(m.restoring, deleted.length, (progress) => restoreMany(deleted, progress)), m.restoredMany);
  }

  const start = (action: BulkAction) => (action === "restore" ? void restore(selected) : setAsking(action));
  return (
    <>
      {selected.length > 0 && (
        <BulkBar products={selected} onAction={start} onSelectMatching={onSelectMatching} onClear={onClear} />
      )}
      <Suspense>
        {asking === "price" && <BulkPriceDialog products={live} onClose={close} onApply={(how) => void change(how)} />}
        {asking === "tags" && <BulkTagDialog products={live} onClose={close} onApply={(how) => void change(how)} />}
      </Suspense>
      {asking === "delete" && (
        <ConfirmDialog
          open
          onOpenChange={close}
          title={m.deleteQuestion(format.number(live.length), live.length === 1)}
          description={m.deleteText}
          confirm={m.deleteMany(format.number(live.length), live.length === 1)}
          onConfirm={() => void remove()}
        />
      )}
      {refused.length > 0 && <RefusedDialog failures={refused} onClose={() => setRefused([])} />}
    </>
  );
}

/** Tells which products were refused, and why. */
function RefusedDialog({ failures, onClose }: { readonly failures: Outcome["failures"]; readonly onClose: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={m.someFailed(format.number(failures.length), failures.length === 1)}
      description={m.someFailedText}
    >
      <ul className="flex flex-col divide-y divide-line text-sm">
        {failures.slice(0, 100).map(({ product, error }) => (
          <li key={product.id} className="py-2">
            <Link to="/admin/products/$id" params={{ id: product.id }} className="font-medium hover:underline">
              {product.name}
            </Link>
            <p className="text-danger-ink">{describe(error)}</p>
          </li>
        ))}
      </ul>
      {failures.length > 100 && <p className="text-sm text-ink-soft">{m.andMore(format.number(failures.length - 100))}</p>}
      <DialogActions>
        <Button variant="primary" onClick={onClose}>
          OK
        </Button>
      </DialogActions>
    </Dialog>
  );
}
