import { getRouteApi, Link } from "@tanstack/react-router";
import { type MailboxMessage, NotificationService } from "@zebrands/catalog";
import { useInfiniteQuery } from "@zebrands/catalog/react";
import clsx from "clsx";
import { Inbox, MailOpen } from "lucide-react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, Skeleton } from "@/ui/state";
import { Time } from "@/ui/time";
import { Mail } from "./mail";
import { messages } from "./messages";

const route = getRouteApi("/admin/notifications");

/** How often new mails are looked for, in milliseconds. */
const pollInterval = 4_000;

/** The mails that went nowhere else. On a wide screen the list stands beside the mail, on a phone before it. */
export function Mailbox() {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const { mail } = route.useSearch();
  const list = useInfiniteQuery(
    NotificationService.method.listMailboxMessages,
    { pageSize: 50, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      refetchInterval: pollInterval,
    },
  );
  const mails = list.data?.pages.flatMap((page) => page.messages);
  if (list.isError && mails === undefined)
    return <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />;
  if (mails?.length === 0) {
    return (
      <EmptyState icon={Inbox} title={m.noMails}>
        <p>{m.mailboxNote}</p>
        <p className="mt-2">{m.noMailsText}</p>
      </EmptyState>
    );
  }
  return (
    <>
      <div className={clsx("mb-4", mail !== undefined && "max-lg:hidden")}>
        <Alert>{m.mailboxNote}</Alert>
      </div>
      <div className="grid items-start gap-5 lg:grid-cols-[22rem_minmax(0,1fr)]">
        <nav aria-label={m.mails} className={clsx("lg:sticky lg:top-6", mail !== undefined && "max-lg:hidden")}>
          <Card className="overflow-y-auto lg:max-h-[calc(100dvh-3rem)]">
            {mails === undefined ? (
              <ListSkeleton />
            ) : (
              <ul className="divide-y divide-line">
                {mails.map((message) => (
                  <MailItem key={message.id} message={message} open={message.id === mail} />
                ))}
              </ul>
            )}
            {list.hasNextPage && (
              <Button
                variant="ghost"
                className="w-full"
                aria-disabled={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {m.more}
              </Button>
            )}
          </Card>
        </nav>
        {mail === undefined ? (
          <div className="max-lg:hidden">
            <EmptyState icon={MailOpen} title={m.pickMail} />
          </div>
        ) : (
          <Mail key={mail} id={mail} />
        )}
      </div>
    </>
  );
}

function MailItem({ message, open }: { readonly message: MailboxMessage; readonly open: boolean }) {
  return (
    <li>
      <Link
        to="/admin/notifications"
        search={{ tab: "mailbox", mail: message.id }}
        aria-current={open ? "true" : undefined}
        className={clsx(
          "block px-4 py-3 text-sm -outline-offset-2 hover:bg-canvas",
          open && "bg-accent-soft hover:bg-accent-soft!",
        )}
      >
        <span className="flex justify-between gap-3 text-xs text-ink-soft">
          <span className="truncate">{message.to}</span>
          <Time value={message.sendTime} />
        </span>
        <span className="mt-0.5 line-clamp-2 font-medium">{message.subject}</span>
      </Link>
    </li>
  );
}

function ListSkeleton() {
  return (
    <div className="divide-y divide-line">
      {[0, 1, 2, 3].map((row) => (
        <div key={row} className="space-y-2 px-4 py-3.5">
          <Skeleton className="h-3 w-40" />
          <Skeleton className="h-4 w-full" />
        </div>
      ))}
    </div>
  );
}
