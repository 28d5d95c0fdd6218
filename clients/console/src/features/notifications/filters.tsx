import { getRouteApi } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useAdmins } from "@/app/admin/use-admins";
import { useMessages } from "@/i18n";
import { defined } from "@/lib/search-params";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { messages } from "./messages";
import { type NotificationsSearch, type StateName, stateNames } from "./search";

const route = getRouteApi("/admin/notifications");

/** Which deliveries are listed, and beside that what can be done with them. */
export function DeliveryFilters({ children }: { readonly children?: ReactNode }) {
  const m = useMessages(messages);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const admins = useAdmins();
  const change = (values: { [K in keyof NotificationsSearch]?: NotificationsSearch[K] | undefined }) =>
    void navigate({ search: defined({ ...search, ...values }), replace: true });
  return (
    <div className="mb-4 grid grid-cols-2 items-center gap-2.5 sm:flex sm:flex-wrap">
      <Select
        aria-label={m.filterState}
        value={search.state ?? ""}
        onChange={(event) => change({ state: (event.target.value || undefined) as StateName | undefined })}
      >
        <option value="">{m.anyState}</option>
        {stateNames.map((state) => (
          <option key={state} value={state}>
            {m[state]}
          </option>
        ))}
      </Select>
      <Select
        aria-label={m.filterRecipient}
        value={search.to ?? ""}
        className="sm:max-w-72"
        onChange={(event) => change({ to: event.target.value || undefined })}
      >
        <option value="">{m.anyone}</option>
        {admins.map(({ id, name, email }) => (
          <option key={id} value={id}>
            {name} · {email}
          </option>
        ))}
      </Select>
      {search.change !== undefined && (
        <Button
          size="md"
          aria-label={`${m.aboutChange(search.change)}. ${m.clearChange}`}
          onClick={() => change({ change: undefined })}
        >
          {m.aboutChange(search.change)}
          <X aria-hidden />
        </Button>
      )}
      {children}
    </div>
  );
}
