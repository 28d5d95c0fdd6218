import { useMessages } from "@/i18n";
import { useTitle } from "@/lib/use-title";
import { PageHeader } from "@/ui/card";
import { messages } from "./messages";

export function AdministratorsPage() {
  const m = useMessages(messages);
  useTitle(m.title);
  return <PageHeader title={m.title} />;
}
