import { getRouteApi } from "@tanstack/react-router";
import { isReason, NotificationService } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";
import { useMessages } from "@/i18n";
import { useTitle } from "@/lib/use-title";
import { PageHeader } from "@/ui/card";
import { Tabs } from "@/ui/tabs";
import { Deliveries } from "./deliveries";
import { Mailbox } from "./mailbox";
import { messages } from "./messages";
import { Preferences } from "./preferences";
import type { Tab } from "./search";

const route = getRouteApi("/admin/notifications");

export function NotificationsPage() {
  const m = useMessages(messages);
  useTitle(m.title);
  const { tab = "deliveries" } = route.useSearch();
  const navigate = route.useNavigate();
  const hasMailbox = useHasMailbox();
  const tabs: { value: Tab; label: string; content: React.ReactNode }[] = [
    { value: "deliveries", label: m.deliveries, content: <Deliveries /> },
    { value: "preferences", label: m.preferences, content: <Preferences /> },
  ];
  if (hasMailbox || tab === "mailbox") tabs.push({ value: "mailbox", label: m.mailbox, content: <Mailbox /> });
  return (
    <>
      <PageHeader title={m.title} description={m.intro} />
      <Tabs
        label={m.title}
        value={tab}
        onChange={(next) => void navigate({ search: { tab: next }, replace: true })}
        tabs={tabs}
      />
    </>
  );
}

/** Returns whether mails go to the local mailbox; undefined until the server has answered. */
function useHasMailbox(): boolean | undefined {
  const { isSuccess, error } = useQuery(
    NotificationService.method.listMailboxMessages,
    { pageSize: 1 },
    { staleTime: Number.POSITIVE_INFINITY },
  );
  return isSuccess ? true : isReason(error, "MAILBOX_NOT_IN_USE") ? false : undefined;
}
