import { AuthService, type Session } from "@zebrands/catalog";
import { useMutation, useQuery } from "@zebrands/catalog/react";
import { KeyRound, Monitor, Smartphone, Terminal } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { describeUserAgent } from "@/lib/user-agent";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { EmptyState, ErrorState, Skeleton } from "@/ui/state";
import { toast } from "@/ui/toast";
import { messages } from "./session-messages";
import { useDeviceName } from "./use-device-name";

/** The open sessions of an administrator, or one's own, each of which can be ended but the one that is used here. */
export function SessionList({ adminId = "" }: { readonly adminId?: string }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const sessions = useQuery(AuthService.method.listSessions, { adminId });
  if (sessions.isError) return <ErrorState message={describe(sessions.error)} onRetry={() => void sessions.refetch()} />;
  if (sessions.data === undefined) return <SessionSkeleton />;
  if (sessions.data.sessions.length === 0) {
    return (
      <EmptyState icon={KeyRound} title={m.none}>
        {m.noneText}
      </EmptyState>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {sessions.data.sessions.map((session) => (
        <SessionItem key={session.id} session={session} />
      ))}
    </ul>
  );
}

function SessionItem({ session }: { readonly session: Session }) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const refresh = useRefreshSessions();
  const revoke = useMutation(AuthService.method.revokeSession);
  const { system, mobile } = describeUserAgent(session.userAgent);
  const device = useDeviceName()(session.userAgent);
  const Icon = mobile ? Smartphone : system === undefined ? Terminal : Monitor;

  async function end() {
    try {
      await revoke.mutateAsync({ id: session.id });
      toast(m.ended(device));
      await refresh();
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
  }

  const times = [
    session.createTime && m.started(format.relative(session.createTime)),
    session.lastRefreshTime && m.lastUsed(format.relative(session.lastRefreshTime)),
  ];
  return (
    <li className="flex items-center gap-3.5 py-3.5">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-sunken text-ink-soft">
        <Icon className="size-4.5" aria-hidden />
      </span>
      <div className="min-w-0 flex-1 text-sm">
        <p className="flex flex-wrap items-center gap-x-2 font-medium" title={session.userAgent}>
          {device}
          {session.current && <Badge tone="success">{m.current}</Badge>}
        </p>
        <p className="text-ink-soft wrap-anywhere">{[session.ipAddress, ...times].filter(Boolean).join(" · ")}</p>
      </div>
      {!session.current && (
        <Button
          size="sm"
          aria-label={m.endThis(device)}
          aria-disabled={revoke.isPending}
          onClick={revoke.isPending ? undefined : end}
        >
          {m.end}
        </Button>
      )}
    </li>
  );
}

/** Returns a function that reads every list of sessions again. */
export function useRefreshSessions(): () => Promise<void> {
  const refresh = useRefresh();
  return () => refresh(AuthService.method.listSessions);
}

function SessionSkeleton() {
  return (
    <div className="divide-y divide-line">
      {[0, 1].map((row) => (
        <div key={row} className="flex items-center gap-3.5 py-3.5">
          <Skeleton className="size-9" />
          <div className="flex-1 space-y-2">
            <Skeleton className="h-4 w-40" />
            <Skeleton className="h-3.5 w-64 max-w-full" />
          </div>
        </div>
      ))}
    </div>
  );
}
