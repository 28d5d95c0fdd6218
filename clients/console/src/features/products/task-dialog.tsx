import { useFormat, useMessages } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Progress as ProgressBar } from "@/ui/progress";
import { messages } from "./messages";
import type { Running } from "./task";

/** Shows how far work is, and can stop it. */
export default function TaskDialog({
  running: { title, done, total, stopping },
  onStop,
}: {
  readonly running: Running;
  readonly onStop: () => void;
}) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <Dialog open onOpenChange={onStop} title={title}>
      <ProgressBar label={title} done={done} total={total} />
      <p aria-live="polite" className="mt-2 text-sm text-ink-soft tabular-nums">
        {total === undefined ? m.soFar(format.number(done)) : m.progress(format.number(done), format.number(total))}
      </p>
      <DialogActions>
        <Button onClick={onStop} aria-disabled={stopping}>
          {stopping ? m.stopping : m.stop}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
