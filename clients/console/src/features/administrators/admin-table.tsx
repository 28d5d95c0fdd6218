import { type Admin, Admin_State as State } from "@zebrands/catalog";
import {
  Ban,
  Ellipsis,
  Fingerprint,
  KeyRound,
  MailPlus,
  MailX,
  Pencil,
  RotateCcw,
  ShieldCheck,
  Trash2,
  UserCheck,
} from "lucide-react";
import { messages as pendingMessages } from "@/app/admin/pending-messages";
import { useMessages } from "@/i18n";
import { Avatar } from "@/ui/avatar";
import { Badge, type Tone } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { Skeleton } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { Time } from "@/ui/time";
import { useAdminActions } from "./actions";
import type { OpenDialog } from "./dialogs";
import { messages } from "./messages";

interface AdminTableProps {
  /** Undefined while they are being loaded. */
  readonly admins: readonly Admin[] | undefined;
  /** The id of who looks at it. */
  readonly self: string | undefined;
  readonly onOpen: (dialog: OpenDialog) => void;
}

export function AdminTable({ admins, self, onOpen }: AdminTableProps) {
  const m = useMessages(messages);
  return (
    <Table label={m.title}>
      <thead>
        <tr>
          <Th>{m.person}</Th>
          <Th className="max-sm:hidden">{m.state}</Th>
          <Th className="max-md:hidden">{m.lastSignIn}</Th>
          <Th>
            <span className="sr-only">{m.actions}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {admins === undefined
          ? [0, 1, 2].map((row) => <SkeletonRow key={row} />)
          : admins.map((admin) => <AdminRow key={admin.id} admin={admin} isSelf={admin.id === self} onOpen={onOpen} />)}
      </tbody>
    </Table>
  );
}

function AdminRow({
  admin,
  isSelf,
  onOpen,
}: {
  readonly admin: Admin;
  readonly isSelf: boolean;
  readonly onOpen: AdminTableProps["onOpen"];
}) {
  const m = useMessages(messages);
  const pending = useMessages(pendingMessages);
  return (
    <Tr>
      <Td>
        <div className="flex items-center gap-3">
          <Avatar name={admin.name} className={admin.state === State.ACTIVE ? "size-9" : "size-9 bg-sunken! text-ink-soft!"} />
          <div className="min-w-0">
            <p className="flex flex-wrap items-center gap-x-2 font-medium wrap-anywhere">
              {admin.name}
              {isSelf && <Badge>{m.you}</Badge>}
            </p>
            <p className="text-ink-soft wrap-anywhere">{admin.email}</p>
            {admin.pendingEmail !== "" && (
              <p className="mt-0.5 text-xs text-warning-ink wrap-anywhere">{pending.waiting(admin.pendingEmail)}</p>
            )}
            <p className="mt-1 flex flex-wrap gap-1.5 sm:hidden">
              <StateBadges admin={admin} />
            </p>
          </div>
        </div>
      </Td>
      <Td className="max-sm:hidden">
        <span className="flex flex-wrap gap-1.5">
          <StateBadges admin={admin} />
        </span>
      </Td>
      <Td className="text-ink-soft max-md:hidden">
        {admin.lastSignInTime === undefined ? m.never : <Time value={admin.lastSignInTime} />}
      </Td>
      <Td className="w-0 text-right">
        <AdminMenu admin={admin} isSelf={isSelf} onOpen={onOpen} />
      </Td>
    </Tr>
  );
}

/** Whether somebody can sign in, and whether that takes more than a password. */
function StateBadges({ admin: { state, secondFactor } }: { readonly admin: Admin }) {
  const m = useMessages(messages);
  const looks: Partial<Record<State, readonly [Tone, string]>> = {
    [State.ACTIVE]: ["success", m.active],
    [State.INVITED]: ["accent", m.invitedState],
    [State.DISABLED]: ["warning", m.disabled],
    [State.DELETED]: ["neutral", m.deleted],
  };
  const [tone, text] = looks[state] ?? ["neutral", ""];
  return (
    <>
      <Badge tone={tone}>{text}</Badge>
      {secondFactor && (
        <Badge>
          <ShieldCheck aria-hidden />
          {m.secondFactor}
        </Badge>
      )}
    </>
  );
}

function AdminMenu({
  admin,
  isSelf,
  onOpen,
}: {
  readonly admin: Admin;
  readonly isSelf: boolean;
  readonly onOpen: AdminTableProps["onOpen"];
}) {
  const m = useMessages(messages);
  const pending = useMessages(pendingMessages);
  const actions = useAdminActions();
  const trigger = (
    <IconButton label={m.actionsFor(admin.name)}>
      <Ellipsis />
    </IconButton>
  );
  if (admin.state === State.DELETED) {
    return (
      <Menu trigger={trigger}>
        {({ MenuItem }) => (
          <>
            <MenuItem icon={RotateCcw} onSelect={() => void actions.restore(admin)}>
              {m.restore}
            </MenuItem>
          </>
        )}
      </Menu>
    );
  }
  return (
    <Menu trigger={trigger}>
      {({ MenuItem, MenuSeparator }) => (
        <>
          <MenuItem icon={Pencil} onSelect={() => onOpen({ kind: "edit", admin })}>
            {m.edit}
          </MenuItem>
          <MenuItem icon={KeyRound} onSelect={() => onOpen({ kind: "sessions", admin })}>
            {m.sessions}
          </MenuItem>
          {admin.secondFactor && (
            <MenuItem icon={Fingerprint} onSelect={() => onOpen({ kind: "passkeys", admin })}>
              {m.passkeys}
            </MenuItem>
          )}
          {admin.state === State.INVITED && (
            <MenuItem icon={MailPlus} onSelect={() => void actions.resendInvitation(admin)}>
              {m.resend}
            </MenuItem>
          )}
          {admin.pendingEmail !== "" && (
            <MenuItem icon={MailX} onSelect={() => void actions.cancelEmail(admin)}>
              {pending.cancel}
            </MenuItem>
          )}
          <MenuSeparator />
          {admin.disabled ? (
            <MenuItem icon={UserCheck} onSelect={() => void actions.setDisabled(admin, false)}>
              {m.enable}
            </MenuItem>
          ) : (
            <MenuItem
              icon={Ban}
              onSelect={() => (isSelf ? onOpen({ kind: "disable-self", admin }) : void actions.setDisabled(admin, true))}
            >
              {m.disable}
            </MenuItem>
          )}
          <MenuItem
            icon={Trash2}
            tone="danger"
            onSelect={() => (isSelf ? onOpen({ kind: "delete-self", admin }) : void actions.remove(admin))}
          >
            {m.delete}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}

function SkeletonRow() {
  return (
    <tr className="border-b border-line last:border-0">
      <Td colSpan={4}>
        <div className="flex items-center gap-3">
          <Skeleton className="size-9 rounded-full" />
          <div className="space-y-2">
            <Skeleton className="h-4 w-36" />
            <Skeleton className="h-3.5 w-52" />
          </div>
        </div>
      </Td>
    </tr>
  );
}
