import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { AdminService } from "@zebrands/catalog";
import { useInfiniteQuery } from "@zebrands/catalog/react";
import { UserPlus, Users } from "lucide-react";
import { useMemo, useState } from "react";
import { useCurrentAdmin } from "@/app/admin/session";
import { useMessages } from "@/i18n";
import { type Command, useCommands } from "@/lib/commands";
import { useDescribeError } from "@/lib/errors";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { PageHeader } from "@/ui/card";
import { EmptyState, ErrorState } from "@/ui/state";
import { Switch } from "@/ui/toggle";
import { AdminTable } from "./admin-table";
import { AdminDialogs, type OpenDialog } from "./dialogs";
import { messages } from "./messages";
import { SecurityPolicy } from "./policy";

const route = getRouteApi("/admin/administrators");

export function AdministratorsPage() {
  const m = useMessages(messages);
  useTitle(m.title);
  const { deleted } = route.useSearch();
  const navigate = route.useNavigate();
  const describe = useDescribeError();
  const self = useCurrentAdmin();
  const [dialog, setDialog] = useState<OpenDialog>();
  const list = useInfiniteQuery(
    AdminService.method.listAdmins,
    { showDeleted: deleted !== undefined, pageSize: 100, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      placeholderData: keepPreviousData,
      staleTime: 0,
    },
  );
  const admins = list.data?.pages.flatMap((page) => page.admins);

  useCommands(
    useMemo<Command[]>(
      () => [{ group: m.group, label: m.inviteTitle, keys: "c", icon: UserPlus, run: () => setDialog({ kind: "invite" }) }],
      [m],
    ),
  );

  const invite = (
    <Button variant="primary" onClick={() => setDialog({ kind: "invite" })}>
      <UserPlus aria-hidden />
      {m.invite}
    </Button>
  );
  return (
    <>
      <PageHeader title={m.title} description={m.intro} actions={invite} />
      <div className="mb-3 flex justify-end">
        <Switch
          label={m.showDeleted}
          checked={deleted !== undefined}
          onCheckedChange={(shown) => void navigate({ search: shown ? { deleted: "1" } : {}, replace: true })}
        />
      </div>
      {list.isError ? (
        <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
      ) : (
        <AdminTable admins={admins} self={self?.id} onOpen={setDialog} />
      )}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button aria-disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {m.more}
          </Button>
        </div>
      )}
      {admins?.length === 1 && (
        <EmptyState icon={Users} title={m.alone} action={invite}>
          {m.aloneText}
        </EmptyState>
      )}
      <SecurityPolicy admins={list.hasNextPage ? undefined : admins} />
      <AdminDialogs dialog={dialog} onClose={() => setDialog(undefined)} />
    </>
  );
}
