import { type Delivery, isReason, NotificationService } from "@zebrands/catalog";
import { useMutation } from "@zebrands/catalog/react";
import { RotateCw } from "lucide-react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** Sends a mail again that could not be sent. */
export function RetryButton({ delivery, onRetried }: { readonly delivery: Delivery; readonly onRetried?: () => void }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefresh();
  const retry = useMutation(NotificationService.method.retryDelivery);

  async function send() {
    try {
      await retry.mutateAsync({ id: delivery.id });
      toast(m.retried(delivery.recipientEmail));
      onRetried?.();
    } catch (error) {
      toast(isReason(error, "DELIVERY_NOT_RETRYABLE") ? m.DELIVERY_NOT_RETRYABLE : describe(error), { tone: "danger" });
    }
    await refresh(NotificationService.method.listDeliveries);
  }

  return (
    <Button
      size="sm"
      aria-label={m.retryFor(delivery.recipientEmail)}
      aria-disabled={retry.isPending}
      onClick={retry.isPending ? undefined : send}
    >
      <RotateCw aria-hidden />
      {m.retry}
    </Button>
  );
}
