import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type Delivery, NotificationService, Delivery_State as State } from "@zebrands/catalog";
import { useInfiniteQuery } from "@zebrands/catalog/react";
import { MailCheck, SearchX } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { EmptyState, ErrorState, Skeleton } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { Time } from "@/ui/time";
import { DeliverySheet } from "./delivery-sheet";
import { DeliveryState, isRetryable } from "./delivery-state";
import { DeliveryFilters } from "./filters";
import { messages } from "./messages";
import { RetryButton } from "./retry-button";
import { states } from "./states";

const route = getRouteApi("/admin/notifications");

/** How often the list is read again, in milliseconds: while mails wait to be sent, and else. */
const pollInterval = { waiting: 2_000, idle: 6_000 };

function isWaiting({ state }: Delivery): boolean {
  return state === State.PENDING;
}

/** Every mail about changes, the newest first. */
export function Deliveries() {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const { state, to = "", change = "0" } = route.useSearch();
  const [openId, setOpenId] = useState<string>();
  const list = useInfiniteQuery(
    NotificationService.method.listDeliveries,
    {
      pageSize: 50,
      pageToken: "",
      recipientId: to,
      changeSequence: BigInt(change),
      state: state === undefined ? State.UNSPECIFIED : states[state],
    },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      placeholderData: keepPreviousData,
      refetchInterval: (query) =>
        query.state.data?.pages.some((page) => page.deliveries.some(isWaiting)) ? pollInterval.waiting : pollInterval.idle,
    },
  );
  const deliveries = list.data?.pages.flatMap((page) => page.deliveries);
  const open = deliveries?.find(({ id }) => id === openId);
  const filtered = state !== undefined || to !== "" || change !== "0";
  return (
    <>
      <DeliveryFilters />
      {list.isError && deliveries === undefined ? (
        <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
      ) : deliveries?.length === 0 ? (
        <NoDeliveries filtered={filtered} />
      ) : (
        <DeliveryTable deliveries={deliveries} onOpen={setOpenId} />
      )}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button aria-disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {m.more}
          </Button>
        </div>
      )}
      {open !== undefined && <DeliverySheet delivery={open} onClose={() => setOpenId(undefined)} />}
    </>
  );
}

function NoDeliveries({ filtered }: { readonly filtered: boolean }) {
  const m = useMessages(messages);
  const navigate = route.useNavigate();
  if (!filtered) {
    return (
      <EmptyState icon={MailCheck} title={m.noDeliveries}>
        {m.noDeliveriesText}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={SearchX}
      title={m.noMatch}
      action={<Button onClick={() => void navigate({ search: {}, replace: true })}>{m.clearFilters}</Button>}
    >
      {m.noMatchText}
    </EmptyState>
  );
}

function DeliveryTable({
  deliveries,
  onOpen,
}: {
  readonly deliveries: readonly Delivery[] | undefined;
  readonly onOpen: (id: string) => void;
}) {
  const m = useMessages(messages);
  return (
    <Table label={m.deliveries}>
      <thead>
        <tr>
          <Th>{m.recipient}</Th>
          <Th className="max-sm:hidden">{m.state}</Th>
          <Th className="max-md:hidden">{m.about}</Th>
          <Th className="max-md:hidden">{m.created}</Th>
          <Th>
            <span className="sr-only">{m.actions}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {deliveries?.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} onOpen={() => onOpen(delivery.id)} />
        )) ?? [0, 1, 2, 3].map((row) => <SkeletonRow key={row} />)}
      </tbody>
    </Table>
  );
}

function DeliveryRow({ delivery, onOpen }: { readonly delivery: Delivery; readonly onOpen: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  const about = m.changes(delivery.changeCount, format.number(delivery.changeCount));
  return (
    <Tr>
      <Td>
        <p className="font-medium wrap-anywhere">{delivery.recipientEmail}</p>
        <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-ink-soft md:hidden">
          <span className="sm:hidden">
            <DeliveryState state={delivery.state} />
          </span>
          <span>{about}</span>
          <Time value={delivery.createTime} />
        </p>
        {isRetryable(delivery) && delivery.lastError !== "" && (
          <p className="mt-1 line-clamp-2 max-w-prose text-xs text-danger-ink wrap-anywhere">{delivery.lastError}</p>
        )}
      </Td>
      <Td className="max-sm:hidden">
        <DeliveryState state={delivery.state} />
        {delivery.state === State.PENDING && delivery.scheduleTime !== undefined && (
          <span className="mt-1 block text-xs text-ink-soft">{m.due(format.relative(delivery.scheduleTime))}</span>
        )}
      </Td>
      <Td className="whitespace-nowrap max-md:hidden">{about}</Td>
      <Td className="text-ink-soft max-md:hidden">
        <Time value={delivery.createTime} />
      </Td>
      <Td className="w-0">
        <div className="flex justify-end gap-2 max-sm:flex-col max-sm:items-end">
          {isRetryable(delivery) && <RetryButton delivery={delivery} />}
          <Button size="sm" variant="ghost" aria-label={m.detailsOf(delivery.recipientEmail)} onClick={onOpen}>
            {m.details}
          </Button>
        </div>
      </Td>
    </Tr>
  );
}

function SkeletonRow() {
  return (
    <tr className="border-b border-line last:border-0">
      <Td colSpan={5}>
        <Skeleton className="h-5 w-full max-w-xl" />
      </Td>
    </tr>
  );
}
