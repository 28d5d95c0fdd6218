import { type Delivery, NotificationService } from "@zebrands/catalog";
import { useMutation } from "@zebrands/catalog/react";
import { RotateCw, X } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { Button, IconButton } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { FloatingBar } from "@/ui/floating-bar";
import { toast } from "@/ui/toast";
import { messages } from "./messages";
import { nothing, type Outcome, RetryOutcome } from "./retry-outcome";

/** How many mails one call may name. */
const most = 1000;

interface RetrySelectedProps {
  readonly deliveries: readonly Delivery[];
  readonly onClear: () => void;
}

/** Tries the selected mails again; floats over the page for as long as there are any. */
export function RetrySelected({ deliveries, onClear }: RetrySelectedProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const refresh = useRefresh();
  const retry = useMutation(NotificationService.method.batchRetryDeliveries);
  const [outcome, setOutcome] = useState<Outcome>();

  async function run() {
    let sum = nothing;
    try {
      for (let i = 0; i < deliveries.length; i += most) {
        const answer = await retry.mutateAsync({ ids: deliveries.slice(i, i + most).map(({ id }) => id) });
        sum = {
          scheduled: sum.scheduled + answer.scheduledCount,
          pending: sum.pending + answer.pendingCount,
          refused: sum.refused + answer.refusals.length,
          refusals: [...sum.refusals, ...answer.refusals],
        };
      }
      onClear();
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
    if (sum.refused > 0) setOutcome(sum);
    else if (sum.scheduled > 0) toast(m.retriedMany(sum.scheduled, format.number(sum.scheduled)));
    else if (sum.pending > 0) toast(m.pendingMany(sum.pending, format.number(sum.pending)));
    await refresh(NotificationService.method.listDeliveries);
  }

  return (
    <>
      {/* Room to scroll what the bar hides into sight. */}
      {deliveries.length > 0 && <div aria-hidden className="h-16" />}
      {deliveries.length > 0 && (
        <FloatingBar label={m.selection} selected={m.selected(format.number(deliveries.length))}>
          <Button size="sm" variant="ghost" aria-disabled={retry.isPending} onClick={retry.isPending ? undefined : run}>
            <RotateCw aria-hidden />
            {m.retry}
          </Button>
          <IconButton size="sm" label={m.clearSelection} onClick={onClear}>
            <X />
          </IconButton>
        </FloatingBar>
      )}
      {outcome !== undefined && (
        <Dialog open onOpenChange={() => setOutcome(undefined)} title={m.outcome}>
          <RetryOutcome outcome={outcome} />
          <DialogActions>
            <Button variant="primary" onClick={() => setOutcome(undefined)}>
              OK
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
