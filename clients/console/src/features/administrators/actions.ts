import { type Admin, isReason } from "@zebrands/catalog";
import { useCancelPendingEmail } from "@/app/admin/pending-email";
import { useRefreshAdmins } from "@/app/admin/person";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { useDescribeError } from "@/lib/errors";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** What can be done with an administrator. Each says what came of it in a toast. */
export interface AdminActions {
  setDisabled(admin: Admin, disabled: boolean): Promise<void>;
  remove(admin: Admin): Promise<void>;
  restore(admin: Admin): Promise<void>;
  resendInvitation(admin: Admin): Promise<void>;
  /** Gives up the new address that waits for its confirmation. */
  cancelEmail(admin: Admin): Promise<unknown>;
}

/** Returns what can be done with administrators. */
export function useAdminActions(): AdminActions {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const refresh = useRefreshAdmins();
  const cancelEmail = useCancelPendingEmail();

  async function attempt(work: () => Promise<unknown>, done: string, onUndo?: () => void) {
    try {
      await work();
      toast(done, onUndo === undefined ? {} : { onUndo });
    } catch (error) {
      toast(isReason(error, "ETAG_MISMATCH") ? m.changedMeanwhile : describe(error), { tone: "danger" });
    }
    await refresh();
  }

  const actions: AdminActions = {
    setDisabled: ({ id, name }, disabled) =>
      attempt(
        () => catalog.admins.updateAdmin({ admin: { id, disabled }, updateMask: { paths: ["disabled"] } }),
        disabled ? m.didDisable(name) : m.didEnable(name),
      ),
    remove: (admin) =>
      attempt(
        () => catalog.admins.deleteAdmin({ id: admin.id, etag: admin.etag }),
        m.didDelete(admin.name),
        () => void actions.restore(admin),
      ),
    restore: ({ id, name }) => attempt(() => catalog.admins.undeleteAdmin({ id }), m.didRestore(name)),
    resendInvitation: ({ id, email }) => attempt(() => catalog.admins.resendInvitation({ id }), m.resent(email)),
    cancelEmail,
  };
  return actions;
}
