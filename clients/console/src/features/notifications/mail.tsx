import { Link } from "@tanstack/react-router";
import { isReason, type MailboxMessage, NotificationService } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";
import { ArrowLeft, MailX } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Segments } from "@/ui/segments";
import { EmptyState, ErrorState, Skeleton } from "@/ui/state";
import { Time } from "@/ui/time";
import { MailFrame } from "./mail-frame";
import { messages } from "./messages";

/** One mail of the mailbox. */
export function Mail({ id }: { readonly id: string }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  // A mail never changes.
  const mail = useQuery(NotificationService.method.getMailboxMessage, { id }, { staleTime: Number.POSITIVE_INFINITY });
  const message = mail.data?.message;
  return (
    <div className="min-w-0">
      <Button variant="ghost" size="sm" asChild className="mb-2 -ml-2 lg:hidden">
        <Link to="/admin/notifications" search={{ tab: "mailbox" }}>
          <ArrowLeft aria-hidden />
          {m.back}
        </Link>
      </Button>
      {isReason(mail.error, "MAILBOX_MESSAGE_NOT_FOUND") ? (
        <EmptyState icon={MailX} title={m.mailGone} />
      ) : mail.isError ? (
        <ErrorState message={describe(mail.error)} onRetry={() => void mail.refetch()} />
      ) : message === undefined ? (
        <Skeleton className="h-96" />
      ) : (
        <Letter message={message} />
      )}
    </div>
  );
}

function Letter({ message }: { readonly message: MailboxMessage }) {
  const m = useMessages(messages);
  const [wanted, setView] = useState<"html" | "text">("html");
  const view = message.html === "" ? "text" : wanted;
  return (
    <Card className="overflow-hidden">
      <header className="border-b border-line px-5 py-4">
        <div className="flex flex-wrap items-start justify-between gap-3">
          <h2 className="text-lg font-semibold wrap-anywhere">{message.subject}</h2>
          {message.html !== "" && (
            <Segments
              label={m.view}
              value={view}
              onChange={setView}
              choices={[
                { value: "html", label: m.asHtml },
                { value: "text", label: m.asText },
              ]}
            />
          )}
        </div>
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-sm">
          <dt className="text-ink-soft">{m.from}</dt>
          <dd className="wrap-anywhere">{message.from}</dd>
          <dt className="text-ink-soft">{m.to}</dt>
          <dd className="wrap-anywhere">{message.to}</dd>
          <dt className="text-ink-soft">{m.sentOn}</dt>
          <dd>
            <Time value={message.sendTime} exact />
          </dd>
        </dl>
      </header>
      {view === "html" ? (
        <MailFrame html={message.html} title={m.mailBody} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
        <pre tabIndex={0} className="overflow-x-auto px-5 py-4 font-mono text-sm whitespace-pre-wrap">
          {message.text}
        </pre>
      )}
    </Card>
  );
}
