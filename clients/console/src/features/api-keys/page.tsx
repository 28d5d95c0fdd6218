import { keepPreviousData } from "@tanstack/react-query";
import { type ApiKey, AuthService } from "@zebrands/catalog";
import { useInfiniteQuery } from "@zebrands/catalog/react";
import { KeyRound } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useMessages } from "@/i18n";
import { type Command, useCommands } from "@/lib/commands";
import { useDescribeError } from "@/lib/errors";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { PageHeader } from "@/ui/card";
import { EmptyState, ErrorState } from "@/ui/state";
import { KeyTable } from "./key-table";
import { messages } from "./messages";

const CreateDialog = lazy(() => import("./create-dialog"));
const RevokeDialog = lazy(() => import("./revoke-dialog"));

type OpenDialog = { readonly kind: "create" } | { readonly kind: "revoke"; readonly apiKey: ApiKey };

export function ApiKeysPage() {
  const m = useMessages(messages);
  useTitle(m.title);
  const describe = useDescribeError();
  const [dialog, setDialog] = useState<OpenDialog>();
  const close = () => setDialog(undefined);
  const list = useInfiniteQuery(
    AuthService.method.listApiKeys,
    { pageSize: 100, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      placeholderData: keepPreviousData,
      staleTime: 0,
    },
  );
  const keys = list.data?.pages.flatMap((page) => page.apiKeys);

  useCommands(
    useMemo<Command[]>(
      () => [{ group: m.group, label: m.createTitle, keys: "c", icon: KeyRound, run: () => setDialog({ kind: "create" }) }],
      [m],
    ),
  );

  const create = (
    <Button variant="primary" onClick={() => setDialog({ kind: "create" })}>
      <KeyRound aria-hidden />
      {m.create}
    </Button>
  );
  return (
    <>
      <PageHeader title={m.title} description={m.intro} actions={keys?.length === 0 ? undefined : create} />
      {list.isError && keys === undefined ? (
        <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
      ) : keys?.length === 0 ? (
        <EmptyState icon={KeyRound} title={m.none} action={create}>
          {m.noneText}
        </EmptyState>
      ) : (
        <KeyTable keys={keys} onRevoke={(apiKey) => setDialog({ kind: "revoke", apiKey })} />
      )}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button aria-disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {m.more}
          </Button>
        </div>
      )}
      <Suspense>
        {dialog?.kind === "create" && <CreateDialog onClose={close} />}
        {dialog?.kind === "revoke" && <RevokeDialog apiKey={dialog.apiKey} onClose={close} />}
      </Suspense>
    </>
  );
}
