import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import {
  type Delivery,
  NotificationService,
  Delivery_State as State,
  ListDeliveriesResponse_Warning as Warning,
} from "@zebrands/catalog";
import { useInfiniteQuery } from "@zebrands/catalog/react";
import { MailCheck, RotateCw, SearchX } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { EmptyState, ErrorState, Skeleton } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { Time } from "@/ui/time";
import { Checkbox } from "@/ui/toggle";
import { DeliverySheet } from "./delivery-sheet";
import { DeliveryState, isRetryable } from "./delivery-state";
import { DeliveryFilters } from "./filters";
import { messages } from "./messages";
import { RetryButton } from "./retry-button";
import { RetrySelected } from "./retry-selected";
import { states } from "./states";
import { useAbout } from "./use-about";

const RetryAllDialog = lazy(() => import("./retry-all"));

const route = getRouteApi("/admin/notifications");

/** How often the list is read again, in milliseconds: while mails wait to be sent, and else. */
const pollInterval = { waiting: 2_000, idle: 6_000 };

function isWaiting({ state }: Delivery): boolean {
  return state === State.PENDING;
}

/** Every mail about changes or with a link, the newest first. */
export function Deliveries() {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const { state, to = "", change = "0" } = route.useSearch();
  const [openId, setOpenId] = useState<string>();
  const [retryingAll, setRetryingAll] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const question = `${state} ${to} ${change}`;
  useEffect(() => {
    question;
    setSelected(new Set());
  }, [question]);
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
  const hasFailed = state === "failed" || deliveries?.some((delivery) => delivery.state === State.FAILED);
  const filtered = state !== undefined || to !== "" || change !== "0";
  return (
    <>
      {list.data?.pages[0]?.warnings.includes(Warning.EVENTS_UNREADABLE) && (
        <div className="mb-4">
          <Alert tone="warning">{m.eventsUnreadable}</Alert>
        </div>
      )}
      <DeliveryFilters>
        {hasFailed && (
          <Button className="max-sm:col-span-2 sm:ml-auto" onClick={() => setRetryingAll(true)}>
            <RotateCw aria-hidden />
            {m.retryAll}
          </Button>
        )}
      </DeliveryFilters>
      {list.isError && deliveries === undefined ? (
        <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
      ) : deliveries?.length === 0 ? (
        <NoDeliveries filtered={filtered} />
      ) : (
        <DeliveryTable deliveries={deliveries} selected={selected} onSelect={setSelected} onOpen={setOpenId} />
      )}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button aria-disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {m.more}
          </Button>
        </div>
      )}
      <RetrySelected
        deliveries={deliveries?.filter((delivery) => selected.has(delivery.id) && isRetryable(delivery)) ?? []}
        onClear={() => setSelected(new Set())}
      />
      <Suspense>{retryingAll && <RetryAllDialog recipientId={to} onClose={() => setRetryingAll(false)} />}</Suspense>
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

interface DeliveryTableProps {
  readonly deliveries: readonly Delivery[] | undefined;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (ids: ReadonlySet<string>) => void;
  readonly onOpen: (id: string) => void;
}

/** The deliveries. Where some can be tried again, these can be selected. */
function DeliveryTable({ deliveries, selected, onSelect, onOpen }: DeliveryTableProps) {
  const m = useMessages(messages);
  const retryable = deliveries?.filter(isRetryable).map(({ id }) => id) ?? [];
  const count = retryable.filter((id) => selected.has(id)).length;
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  return (
    <Table label={m.deliveries}>
      <thead>
        <tr>
          {retryable.length > 0 && (
            <Th className="w-0 pr-0">
              <Checkbox
                aria-label={m.selectAll}
                checked={count === retryable.length ? true : count > 0 ? "indeterminate" : false}
                onCheckedChange={() => onSelect(new Set(count === retryable.length ? [] : retryable))}
              />
            </Th>
          )}
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
          <DeliveryRow
            key={delivery.id}
            delivery={delivery}
            selectable={retryable.length > 0}
            selected={selected.has(delivery.id)}
            onToggle={() => toggle(delivery.id)}
            onOpen={() => onOpen(delivery.id)}
          />
        )) ?? [0, 1, 2, 3].map((row) => <SkeletonRow key={row} />)}
      </tbody>
    </Table>
  );
}

interface DeliveryRowProps {
  readonly delivery: Delivery;
  /** Whether the table has a column for what can be selected. */
  readonly selectable: boolean;
  readonly selected: boolean;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
}

function DeliveryRow({ delivery, selectable, selected, onToggle, onOpen }: DeliveryRowProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const about = useAbout()(delivery);
  return (
    <Tr>
      {selectable && (
        <Td className="w-0 pr-0">
          {isRetryable(delivery) && (
            <Checkbox aria-label={m.select(delivery.recipientEmail)} checked={selected} onCheckedChange={onToggle} />
          )}
        </Td>
      )}
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
