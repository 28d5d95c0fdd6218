import type { SecurityEvent } from "@zebrands/catalog";
import clsx from "clsx";
import { KeyRound, LockKeyhole, LogIn, type LucideIcon, ShieldAlert, ShieldCheck, UserRound } from "lucide-react";
import { useDeviceName } from "@/app/admin/use-device-name";
import { useMessages } from "@/i18n";
import { Skeleton } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { Time } from "@/ui/time";
import { type EventName, failures, type GroupName, groupNames, groups } from "./kinds";
import { messages } from "./messages";
import { operator } from "./search";
import { nameOf, useSentence } from "./sentences";

/** Events, the newest first; undefined while they are being loaded. */
export function EventTable({ events }: { readonly events: readonly SecurityEvent[] | undefined }) {
  const m = useMessages(messages);
  return (
    <Table label={m.title}>
      <thead>
        <tr>
          <Th>{m.what}</Th>
          <Th className="max-md:hidden">{m.when}</Th>
          <Th className="max-md:hidden">{m.where}</Th>
        </tr>
      </thead>
      <tbody>
        {events === undefined
          ? [0, 1, 2, 3, 4].map((row) => <SkeletonRow key={row} />)
          : events.map((event) => <EventRow key={String(event.id)} event={event} />)}
      </tbody>
    </Table>
  );
}

function EventRow({ event }: { readonly event: SecurityEvent }) {
  const sentence = useSentence();
  return (
    <Tr>
      <Td>
        <div className="flex items-start gap-3 md:items-center">
          <EventIcon name={nameOf(event)} />
          <div className="min-w-0 max-md:pt-1">
            <p className="font-medium wrap-anywhere">{sentence(event)}</p>
            <p className="mt-0.5 flex flex-wrap gap-x-2 text-ink-soft md:hidden">
              <Time value={event.createTime} exact />
              <From event={event} />
            </p>
          </div>
        </div>
      </Td>
      <Td className="text-ink-soft max-md:hidden">
        <Time value={event.createTime} exact />
      </Td>
      <Td className="text-ink-soft max-md:hidden">
        <From event={event} />
      </Td>
    </Tr>
  );
}

const icons: Record<GroupName, LucideIcon> = {
  access: LogIn,
  passwords: LockKeyhole,
  factors: ShieldCheck,
  people: UserRound,
  keys: KeyRound,
};

function EventIcon({ name }: { readonly name: EventName | undefined }) {
  const failed = failures.some((failure) => failure === name);
  const group = groupNames.find((group) => groups[group].some((member) => member === name));
  const Icon = failed ? ShieldAlert : group === undefined ? ShieldCheck : icons[group];
  return (
    <span
      className={clsx(
        "grid size-8 shrink-0 place-items-center rounded-full",
        failed ? "bg-danger-soft text-danger-ink" : "bg-sunken text-ink-soft",
      )}
    >
      <Icon className="size-4" aria-hidden />
    </span>
  );
}

/** The network address and the program, as far as they are kept. */
function From({ event: { actorId, actorName, ipAddress, userAgent } }: { readonly event: SecurityEvent }) {
  const m = useMessages(messages);
  const device = useDeviceName();
  if (actorId === "" && actorName === operator) return <span>{m.onServer}</span>;
  const parts = [ipAddress, userAgent && device(userAgent)].filter(Boolean);
  return (
    <span className="wrap-anywhere" {...(userAgent !== "" && { title: userAgent })}>
      {parts.length === 0 ? m.whereUnknown : parts.join(" · ")}
    </span>
  );
}

function SkeletonRow() {
  return (
    <tr className="border-b border-line last:border-0">
      <Td colSpan={3}>
        <div className="flex items-center gap-3">
          <Skeleton className="size-8 rounded-full" />
          <Skeleton className="h-4 w-64 max-w-full" />
        </div>
      </Td>
    </tr>
  );
}
