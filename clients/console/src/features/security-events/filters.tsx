import { getRouteApi } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useAdmins } from "@/app/admin/use-admins";
import { useMessages } from "@/i18n";
import { dayOf } from "@/lib/day";
import { defined } from "@/lib/search-params";
import { Button } from "@/ui/button";
import { Select, TextField } from "@/ui/field";
import { groupNames, groups, typeChoice } from "./kinds";
import { messages } from "./messages";
import { type EventsSearch, operator, type Range, ranges } from "./search";

const route = getRouteApi("/admin/security-events");

type Change = { readonly [K in keyof EventsSearch]?: EventsSearch[K] | undefined };

/** Which events are listed. All of it is in the address. */
export function EventFilters() {
  const m = useMessages(messages);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (values: Change) => void navigate({ search: defined({ ...search, ...values }), replace: true });
  return (
    <div className="mb-4 flex flex-wrap items-end gap-2.5 max-sm:grid max-sm:grid-cols-2">
      <div className="max-sm:col-span-2">
        <TypeSelect search={search} onChange={change} />
      </div>
      <PersonSelect search={search} onChange={change} />
      <TimeSelect search={search} onChange={change} />
      {search.within === "days" && <Days search={search} onChange={change} />}
      {search.key !== undefined && (
        <Button
          className="max-sm:col-span-2"
          aria-label={`${m.oneKey}. ${m.clearKey}`}
          onClick={() => change({ key: undefined })}
        >
          {m.oneKey}
          <X aria-hidden />
        </Button>
      )}
    </div>
  );
}

interface FilterProps {
  readonly search: EventsSearch;
  readonly onChange: (change: Change) => void;
}

function TypeSelect({ search, onChange }: FilterProps) {
  const m = useMessages(messages);
  return (
    <Select
      aria-label={m.filterType}
      value={typeChoice(search.type) ?? ""}
      className="sm:max-w-72"
      onChange={(event) => onChange({ type: event.target.value || undefined })}
    >
      <option value="">{m.everything}</option>
      <option value="failures">{m.failuresChoice}</option>
      {groupNames.map((group) => (
        <optgroup key={group} label={m[group]}>
          <option value={group}>{m.all(m[group])}</option>
          {groups[group].map((name) => (
            <option key={name} value={name}>
              {m[name]}
            </option>
          ))}
        </optgroup>
      ))}
    </Select>
  );
}

function PersonSelect({ search, onChange }: FilterProps) {
  const m = useMessages(messages);
  const admins = useAdmins();
  return (
    <Select
      aria-label={m.filterWho}
      value={search.who ?? ""}
      className="sm:max-w-72"
      onChange={(event) => onChange({ who: event.target.value || undefined })}
    >
      <option value="">{m.anyone}</option>
      {admins.map(({ id, name, email }) => (
        <option key={id} value={id}>
          {name} · {email}
        </option>
      ))}
      <option value={operator}>{m.operatorChoice}</option>
    </Select>
  );
}

function TimeSelect({ search, onChange }: FilterProps) {
  const m = useMessages(messages);
  function choose(within: Range | undefined) {
    const today = dayOf(new Date());
    const days = within === "days" ? { from: search.from ?? today, to: search.to ?? today } : { from: undefined, to: undefined };
    onChange({ within, ...days });
  }
  return (
    <Select
      aria-label={m.filterWithin}
      value={search.within ?? ""}
      onChange={(event) => choose((event.target.value || undefined) as Range | undefined)}
    >
      <option value="">{m.anyTime}</option>
      {ranges.map((range) => (
        <option key={range} value={range}>
          {m[range]}
        </option>
      ))}
    </Select>
  );
}

function Days({ search, onChange }: FilterProps) {
  const m = useMessages(messages);
  return (
    <>
      <TextField
        label={m.from}
        name="from"
        type="date"
        value={search.from ?? ""}
        onChange={(event) => onChange({ from: event.target.value || undefined })}
        required
      />
      <TextField
        label={m.to}
        name="to"
        type="date"
        value={search.to ?? ""}
        min={search.from}
        onChange={(event) => onChange({ to: event.target.value || undefined })}
        required
      />
    </>
  );
}
