import { type Delivery, Delivery_Kind as Kind } from "@zebrands/catalog";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "@/i18n";
import { Alert } from "@/ui/alert";
import { Dialog } from "@/ui/dialog";
import { Time } from "@/ui/time";
import { ChangeList } from "./change-list";
import { DeliveryState, isRetryable } from "./delivery-state";
import { messages } from "./messages";
import { RetryButton } from "./retry-button";
import { useAbout } from "./use-about";

/** Everything about one mail. */
export function DeliverySheet({ delivery, onClose }: { readonly delivery: Delivery; readonly onClose: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  const about = useAbout()(delivery);
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} kind="sheet" title={m.mailTo(delivery.recipientEmail)}>
      {delivery.lastError !== "" && (
        <div className="mb-4">
          <Alert tone={isRetryable(delivery) ? "danger" : "warning"}>
            <p className="font-medium">{m.lastError}</p>
            <p className="font-mono text-xs">{delivery.lastError}</p>
          </Alert>
        </div>
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        <Fact name={m.state}>
          <DeliveryState state={delivery.state} />
        </Fact>
        <Fact name={m.about}>{about}</Fact>
        <Fact name={m.attempts}>{format.number(delivery.attemptCount)}</Fact>
        <Fact name={m.created}>
          <Time value={delivery.createTime} exact />
        </Fact>
        <Fact name={m.scheduled}>
          <Time value={delivery.scheduleTime} exact />
        </Fact>
        <Fact name={m.sentAt}>
          <Time value={delivery.sendTime} exact />
        </Fact>
        <Fact name={m.updated}>
          <Time value={delivery.updateTime} exact />
        </Fact>
        {delivery.messageId !== "" && (
          <Fact name={m.messageId}>
            <code className="text-xs wrap-anywhere">{delivery.messageId}</code>
          </Fact>
        )}
      </dl>
      {isRetryable(delivery) && (
        <div className="mt-4">
          <RetryButton delivery={delivery} onRetried={onClose} />
        </div>
      )}
      {delivery.kind === Kind.CHANGES && (
        <>
          <h3 className="mt-6 mb-2 font-semibold">
            {m.changesTitle} <span className="font-normal text-ink-soft">({format.number(delivery.changeCount)})</span>
          </h3>
          <ChangeList sequences={delivery.changeSequences} />
        </>
      )}
    </Dialog>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}
