import { useQueryClient } from "@tanstack/react-query";
import type { Product } from "@zebrands/catalog";
import { lazy, Suspense, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { ConfirmDialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { type Change, changeMany, deleteMany, type Outcome, restoreMany, revertMany } from "./bulk";
import { type BulkAction, BulkBar } from "./bulk-bar";
import { showProducts } from "./data";
import { messages } from "./messages";
import type { RunTask } from "./task";

// Forms come when somebody asks for them.
const BulkPriceDialog = lazy(() => import("./bulk-dialogs").then((module) => ({ default: module.BulkPriceDialog })));
const ProblemsDialog = lazy(() => import("./problems-dialog"));
const BulkTagDialog = lazy(() => import("./bulk-dialogs").then((module) => ({ default: module.BulkTagDialog })));

interface BulkActionsProps {
  readonly selected: readonly Product[];
  readonly run: RunTask;
  /** Takes note of what selected products are now. */
  readonly onChanged: (products: readonly Product[]) => void;
  /** Not set if everything that matches is selected already. */
  readonly onSelectMatching: (() => void) | undefined;
  readonly onClear: () => void;
}

/** The bar of what can be done with the selected products, and the dialogs that this goes through. Loaded with the first selection. */
export default function BulkActions({ selected, run, onChanged, onSelectMatching, onClear }: BulkActionsProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const client = useQueryClient();
  const [asking, setAsking] = useState<Exclude<BulkAction, "restore">>();
  const [told, setTold] = useState<{ readonly outcome: Outcome; readonly done: string }>();
  const live = selected.filter(({ deleteTime }) => deleteTime === undefined);
  const close = () => setAsking(undefined);

  /** Shows what became of the products. */
  function finish(outcome: Outcome, done: (n: string, one: boolean) => string, undo?: () => void) {
    const count = outcome.done.length;
    const changed = outcome.done.map(({ after }) => after);
    showProducts(client, changed);
    onChanged(changed);
    const problems = outcome.failures.length + outcome.uncertain.length;
    const nothing =
      outcome.uncertain.length > 0 ? "" : problems > 0 || outcome.ended !== "complete" ? m.nothingDone : m.nothingChanged;
    const what = count > 0 ? done(format.number(count), count === 1) : nothing;
    const text = outcome.ended === "complete" ? what : `${m.stoppedEarly} ${what}`.trim();
    if (count > 0 || problems === 0) toast(text, undo !== undefined && count > 0 ? { onUndo: undo } : {});
    setTold(problems > 0 ? { outcome, done: text } : undefined);
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
      {told !== undefined && (
        <Suspense>
          <ProblemsDialog {...told} onClose={() => setTold(undefined)} />
        </Suspense>
      )}
    </>
  );
}
