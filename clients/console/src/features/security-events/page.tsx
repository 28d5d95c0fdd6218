import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { AuthService } from "@zebrands/catalog";
import { useInfiniteQuery } from "@zebrands/catalog/react";
import { SearchX, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { PageHeader } from "@/ui/card";
import { EmptyState, ErrorState } from "@/ui/state";
import { DownloadButton } from "./download-button";
import { EventTable } from "./event-table";
import { filterOf } from "./filter";
import { EventFilters } from "./filters";
import { messages } from "./messages";
import type { EventsSearch } from "./search";

const route = getRouteApi("/admin/security-events");

export function SecurityEventsPage() {
  const m = useMessages(messages);
  useTitle(m.title);
  const describe = useDescribeError();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = useFilter(search);
  const list = useInfiniteQuery(
    AuthService.method.listSecurityEvents,
    { filter, pageSize: 50, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      placeholderData: keepPreviousData,
      staleTime: 0,
    },
  );
  const events = list.data?.pages.flatMap((page) => page.securityEvents);
  const clear = <Button onClick={() => void navigate({ search: {}, replace: true })}>{m.clear}</Button>;
  return (
    <>
      <PageHeader title={m.title} description={m.intro} actions={<DownloadButton filter={filter} />} />
      <EventFilters />
      {list.isError && events === undefined ? (
        <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
      ) : events?.length === 0 ? (
        filter === "" ? (
          <EmptyState icon={ShieldCheck} title={m.none}>
            {m.noneText}
          </EmptyState>
        ) : (
          <EmptyState icon={SearchX} title={m.noMatch} action={clear}>
            {m.noMatchText}
          </EmptyState>
        )
      ) : (
        <EventTable events={events} />
      )}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button aria-disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {m.more}
          </Button>
        </div>
      )}
    </>
  );
}

/** Returns the filter for what the address says. "The last hours" count from when they were chosen, so that all pages are of one list. */
function useFilter(search: EventsSearch): string {
  const [state, setState] = useState({ search, filter: filterOf(search, new Date()) });
  if (JSON.stringify(state.search) === JSON.stringify(search)) return state.filter;
  const filter = filterOf(search, new Date());
  setState({ search, filter });
  return filter;
}
