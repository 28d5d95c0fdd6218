import { Link } from "@tanstack/react-router";
import { ApiKey_Access as Access, type Admin, type ApiKey } from "@zebrands/catalog";
import clsx from "clsx";
import { Ban, Ellipsis, ShieldCheck } from "lucide-react";
import { useAdmins } from "@/app/admin/use-admins";
import { useFormat, useMessages } from "@/i18n";
import { Badge, type Tone } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { Skeleton } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { Time } from "@/ui/time";
import { messages } from "./messages";
import { type KeyState, stateOf } from "./state";

interface KeyTableProps {
  /** Undefined while they are being loaded. */
  readonly keys: readonly ApiKey[] | undefined;
  readonly onRevoke: (apiKey: ApiKey) => void;
}

export function KeyTable({ keys, onRevoke }: KeyTableProps) {
  const m = useMessages(messages);
  const admins = useAdmins();
  return (
    <Table label={m.title}>
      <thead>
        <tr>
          <Th>{m.program}</Th>
          <Th className="max-sm:hidden">{m.state}</Th>
          <Th className="max-lg:hidden">{m.creator}</Th>
          <Th className="max-lg:hidden">{m.lastUsed}</Th>
          <Th className="max-lg:hidden">{m.expires}</Th>
          <Th>
            <span className="sr-only">{m.actions}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {keys === undefined
          ? [0, 1, 2].map((row) => <SkeletonRow key={row} />)
          : keys.map((apiKey) => <KeyRow key={apiKey.id} apiKey={apiKey} admins={admins} onRevoke={onRevoke} />)}
      </tbody>
    </Table>
  );
}

interface KeyRowProps {
  readonly apiKey: ApiKey;
  readonly admins: readonly Admin[];
  readonly onRevoke: KeyTableProps["onRevoke"];
}

function KeyRow({ apiKey, admins, onRevoke }: KeyRowProps) {
  const m = useMessages(messages);
  const state = stateOf(apiKey, admins, new Date());
  const badge = <StateBadge state={state} creator={apiKey.creatorName} />;
  return (
    <Tr>
      <Td>
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className={clsx("font-medium wrap-anywhere", state !== "active" && "text-ink-soft")}>{apiKey.name}</span>
          <Badge tone={state === "active" && apiKey.access === Access.WRITE ? "accent" : "neutral"}>
            {apiKey.access === Access.WRITE ? m.write : m.read}
          </Badge>
        </p>
        <p className="mt-0.5 font-mono text-xs text-ink-soft">{apiKey.prefix}…</p>
        <p className="mt-1.5 sm:hidden">{badge}</p>
        <Summary apiKey={apiKey} state={state} />
      </Td>
      <Td className="max-sm:hidden">{badge}</Td>
      <Td className="max-lg:hidden">
        <p className="wrap-anywhere">{apiKey.creatorName}</p>
        <p className="text-ink-soft">
          <Time value={apiKey.createTime} />
        </p>
      </Td>
      <Td className="text-ink-soft max-lg:hidden">
        {apiKey.lastUseTime === undefined ? m.notUsed : <Time value={apiKey.lastUseTime} />}
      </Td>
      <Td className="text-ink-soft max-lg:hidden">
        {apiKey.expireTime === undefined ? m.noExpiry : <Time value={apiKey.expireTime} />}
      </Td>
      <Td className="w-0 text-right">
        <KeyMenu apiKey={apiKey} state={state} onRevoke={onRevoke} />
      </Td>
    </Tr>
  );
}

/** What the columns say that a narrow screen has no room for. */
function Summary({ apiKey, state }: { readonly apiKey: ApiKey; readonly state: KeyState }) {
  const m = useMessages(messages);
  const format = useFormat();
  const { creatorName, createTime, lastUseTime, expireTime } = apiKey;
  const parts = [
    [m.createdBy(creatorName), createTime && format.relative(createTime)].filter(Boolean).join(", "),
    lastUseTime === undefined ? m.notUsedYet : m.usedAt(format.relative(lastUseTime)),
    expireTime === undefined
      ? m.neverExpires
      : state === "expired"
        ? m.expiredAt(format.relative(expireTime))
        : m.expiresAt(format.relative(expireTime)),
  ];
  return <p className="mt-1.5 text-xs text-ink-soft wrap-anywhere lg:hidden">{parts.join(" · ")}</p>;
}

function StateBadge({ state, creator }: { readonly state: KeyState; readonly creator: string }) {
  const m = useMessages(messages);
  const looks: Record<KeyState, readonly [Tone, string]> = {
    active: ["success", m.active],
    creatorDisabled: ["warning", m.creatorDisabled(creator)],
    expired: ["neutral", m.expired],
    revoked: ["neutral", m.revoked],
  };
  const [tone, text] = looks[state];
  return <Badge tone={tone}>{text}</Badge>;
}

function KeyMenu({ apiKey, state, onRevoke }: Omit<KeyRowProps, "admins"> & { readonly state: KeyState }) {
  const m = useMessages(messages);
  return (
    <Menu
      trigger={
        <IconButton label={m.actionsFor(apiKey.name)}>
          <Ellipsis />
        </IconButton>
      }
    >
      {({ MenuItem, MenuSeparator }) => (
        <>
          <MenuItem asChild>
            <Link to="/admin/security-events" search={{ key: apiKey.id }}>
              <ShieldCheck aria-hidden />
              {m.showEvents}
            </Link>
          </MenuItem>
          {state !== "revoked" && (
            <>
              <MenuSeparator />
              <MenuItem icon={Ban} tone="danger" onSelect={() => onRevoke(apiKey)}>
                {m.revoke}
              </MenuItem>
            </>
          )}
        </>
      )}
    </Menu>
  );
}

function SkeletonRow() {
  return (
    <tr className="border-b border-line last:border-0">
      <Td colSpan={6}>
        <div className="space-y-2">
          <Skeleton className="h-4 w-36" />
          <Skeleton className="h-3.5 w-24" />
        </div>
      </Td>
    </tr>
  );
}
