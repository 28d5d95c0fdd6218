import { Link } from "@tanstack/react-router";
import { type Admin, AdminService, AuthService, Admin_State as State } from "@zebrands/catalog";
import { useMutation, useQuery } from "@zebrands/catalog/react";
import { useState } from "react";
import { useCurrentAdmin } from "@/app/admin/session";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { Button } from "@/ui/button";
import { Section } from "@/ui/card";
import { ConfirmDialog, Dialog, DialogActions } from "@/ui/dialog";
import { messages as uiMessages } from "@/ui/messages";
import { toast } from "@/ui/toast";
import { Switch } from "@/ui/toggle";
import { messages } from "./messages";

interface PolicyProps {
  /** All administrators; undefined if only some were read. */
  readonly admins: readonly Admin[] | undefined;
}

/** The rules for all administrators. Each change says first what it does to whom. */
export function SecurityPolicy({ admins }: PolicyProps) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const [asking, setAsking] = useState<boolean>();
  const policy = useQuery(AuthService.method.getSecurityPolicy, {});
  const required = policy.data?.securityPolicy?.requireSecondFactor;
  return (
    <Section title={m.policy} className="mt-6">
      {policy.isError ? (
        <p className="text-sm text-danger-ink">{describe(policy.error)}</p>
      ) : (
        <Switch
          label={m.requireSecondFactor}
          hint={m.requireSecondFactorText}
          checked={required === true}
          disabled={required === undefined}
          onCheckedChange={setAsking}
        />
      )}
      {asking !== undefined && <PolicyDialog require={asking} admins={admins} onClose={() => setAsking(undefined)} />}
    </Section>
  );
}

interface PolicyDialogProps extends PolicyProps {
  readonly require: boolean;
  readonly onClose: () => void;
}

function PolicyDialog({ require, admins, onClose }: PolicyDialogProps) {
  const m = useMessages(messages);
  const { cancel } = useMessages(uiMessages);
  const self = useCurrentAdmin();
  const describe = useDescribeError();
  const refresh = useRefresh();
  const consequence = useConsequence(admins);
  const update = useMutation(AuthService.method.updateSecurityPolicy);
  const open = { open: true, onOpenChange: (still: boolean) => still || onClose() };

  async function save() {
    try {
      await update.mutateAsync({ securityPolicy: { requireSecondFactor: require } });
      toast(require ? m.didRequire : m.didNotRequire);
      onClose();
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
    await refresh(AuthService.method.getSecurityPolicy, AuthService.method.listSessions, AdminService.method.listAdmins);
  }

  if (require && self?.secondFactor === false) {
    return (
      <Dialog {...open} title={m.passkeyFirst} description={m.passkeyFirstText}>
        <DialogActions>
          <Button onClick={onClose}>{cancel}</Button>
          <Button variant="primary" asChild>
            <Link to="/admin/profile">{m.toProfile}</Link>
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      {...open}
      title={require ? m.requireTitle : m.doNotRequireTitle}
      description={require ? consequence : m.doNotRequireText}
      confirm={require ? m.require : m.doNotRequire}
      tone={require ? "primary" : "danger"}
      pending={update.isPending}
      onConfirm={() => void save()}
    />
  );
}

/** Returns what requiring a second factor does to whom. */
function useConsequence(admins: PolicyProps["admins"]): string {
  const m = useMessages(messages);
  const format = useFormat();
  const without = admins?.filter(({ state, secondFactor }) => state === State.ACTIVE && !secondFactor).map(({ name }) => name);
  const people =
    without === undefined
      ? m.whoeverHasNone
      : without.length === 0
        ? m.allHaveOne
        : without.length <= 3
          ? m.theseHaveNone(format.list(without), without.length)
          : m.manyHaveNone(format.number(without.length));
  return `${people} ${m.programsNeedKeys}`;
}
