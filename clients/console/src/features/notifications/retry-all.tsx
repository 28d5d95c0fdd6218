import { NotificationService, timestampFromDate } from "@zebrands/catalog";
import { useRef, useState } from "react";
import { useAdmins } from "@/app/admin/use-admins";
import { useFormat, useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { Progress } from "@/ui/progress";
import { messages } from "./messages";
import { nothing, type Outcome, RetryOutcome } from "./retry-outcome";

const hours = { anyTime: undefined, lastHour: 1, lastDay: 24, lastWeek: 7 * 24 } as const;
type Within = keyof typeof hours;

interface RetryAllDialogProps {
  /** Only mails to this administrator; empty means all. */
  readonly recipientId: string;
  readonly onClose: () => void;
}

/** Asks whether all failed mails are to be tried again, does it, and tells what became of them. */
export default function RetryAllDialog({ recipientId, onClose }: RetryAllDialogProps) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefresh();
  const [within, setWithin] = useState<Within>("anyTime");
  const [outcome, setOutcome] = useState<Outcome>();
  const [phase, setPhase] = useState<"asking" | "running" | "done">("asking");
  const [error, setError] = useState<unknown>();
  const [stopped, setStopped] = useState(false);
  const stop = useRef(false);
  const admins = useAdmins();
  const recipient = admins.find(({ id }) => id === recipientId);

  async function run() {
    setPhase("running");
    let sum = nothing;
    try {
      const since = hours[within] === undefined ? undefined : new Date(Date.now() - hours[within] * 3_600_000);
      const request = { recipientId, ...(since && { failTimeFrom: timestampFromDate(since) }) };
      let pageToken = "";
      do {
        const answer = await catalog.notifications.retryFailedDeliveries({ ...request, pageToken });
        sum = {
          scheduled: sum.scheduled + answer.scheduledCount,
          pending: 0,
          refused: sum.refused + answer.refusedCount,
          refusals: [...sum.refusals, ...answer.refusals],
        };
        setOutcome(sum);
        pageToken = answer.nextPageToken;
      } while (pageToken !== "" && !stop.current);
      setStopped(pageToken !== "");
    } catch (problem) {
      setError(problem);
    }
    setPhase("done");
    await refresh(NotificationService.method.listDeliveries);
  }

  if (phase === "running") return <Running done={outcome?.scheduled ?? 0} onStop={() => (stop.current = true)} />;
  if (phase === "done") {
    return (
      <Dialog open onOpenChange={onClose} title={m.outcome}>
        <div className="flex flex-col gap-3">
          {stopped && <Alert tone="warning">{m.stopped}</Alert>}
          {error !== undefined && <Alert tone="danger">{describe(error)}</Alert>}
          {outcome !== undefined && outcome.scheduled + outcome.refused > 0 ? (
            <RetryOutcome outcome={outcome} />
          ) : (
            error === undefined && <Alert>{m.noneFailed}</Alert>
          )}
        </div>
        <DialogActions>
          <Button variant="primary" onClick={onClose} autoFocus>
            OK
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  const choices: readonly Within[] = ["anyTime", "lastHour", "lastDay", "lastWeek"];
  return (
    <Dialog open onOpenChange={onClose} title={m.retryAllQuestion} description={m.retryAllText}>
      {recipient !== undefined && <p className="mb-3 text-sm font-medium wrap-anywhere">{m.retryAllTo(recipient.email)}</p>}
      <SelectField
        label={m.failedWithin}
        name="within"
        value={within}
        onChange={(event) => setWithin(choices.find((choice) => choice === event.target.value) ?? "anyTime")}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {m[choice]}
          </option>
        ))}
      </SelectField>
      <DialogActions>
        <Button onClick={onClose}>{m.cancel}</Button>
        <Button variant="primary" onClick={() => void run()}>
          {m.retryAll}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Running({ done, onStop }: { readonly done: number; readonly onStop: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <Dialog open onOpenChange={onStop} title={m.retrying}>
      <Progress label={m.retrying} done={done} total={undefined} />
      <p aria-live="polite" className="mt-2 text-sm text-ink-soft tabular-nums">
        {m.soFar(format.number(done))}
      </p>
      <DialogActions>
        <Button onClick={onStop}>{m.stop}</Button>
      </DialogActions>
    </Dialog>
  );
}
