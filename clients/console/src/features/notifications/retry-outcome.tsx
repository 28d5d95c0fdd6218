import type { DeliveryRefusal } from "@zebrands/catalog";
import { useFormat, useMessages } from "@/i18n";
import { Alert } from "@/ui/alert";
import { messages } from "./messages";

/** How many refusals are listed. */
const shown = 100;

/** What became of mails that were to be tried again. */
export interface Outcome {
  readonly scheduled: number;
  readonly pending: number;
  readonly refused: number;
  /** The first of those that are refused. */
  readonly refusals: readonly DeliveryRefusal[];
}

export const nothing: Outcome = { scheduled: 0, pending: 0, refused: 0, refusals: [] };

/** Tells what became of mails, and which are not tried again and why. */
export function RetryOutcome({ outcome: { scheduled, pending, refused, refusals } }: { readonly outcome: Outcome }) {
  const m = useMessages(messages);
  const format = useFormat();
  const listed = refusals.slice(0, shown);
  return (
    <div className="flex flex-col gap-3">
      {scheduled + pending > 0 && (
        <Alert tone="success">
          {scheduled > 0 && m.retriedMany(scheduled, format.number(scheduled))}{" "}
          {pending > 0 && m.pendingMany(pending, format.number(pending))}
        </Alert>
      )}
      {refused > 0 && (
        <section>
          <h3 className="font-medium">{m.refusedMany(refused, format.number(refused))}</h3>
          <ul className="mt-1 flex flex-col divide-y divide-line text-sm">
            {listed.map(({ id, recipientEmail, reason }) => (
              <li key={id} className="py-2">
                <p className="wrap-anywhere">{recipientEmail || id}</p>
                <p className="text-ink-soft">
                  {reason === "DELIVERY_NOT_FOUND" ? m.DELIVERY_NOT_FOUND : m.DELIVERY_NOT_RETRYABLE}
                </p>
              </li>
            ))}
          </ul>
          {refused > listed.length && (
            <p className="text-sm text-ink-soft">{m.andMore(format.number(refused - listed.length))}</p>
          )}
        </section>
      )}
    </div>
  );
}
