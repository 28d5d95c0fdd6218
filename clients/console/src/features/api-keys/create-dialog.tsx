import { ApiKey_Access as Access, type ApiKey, AuthService, timestampFromDate } from "@zebrands/catalog";
import { type ReactNode, useId, useState } from "react";
import { useCurrentAdmin } from "@/app/admin/session";
import { useFormat, useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { dayOf } from "@/lib/day";
import { maxLengths } from "@/lib/limits";
import { useRefresh } from "@/lib/refresh";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { messages as uiMessages } from "@/ui/messages";
import { type Expiry, expireTimeOf, expiries } from "./expiry";
import { messages } from "./messages";
import { SecretDialog } from "./secret-dialog";

/** Asks what a new key is for, creates it, and shows its secret, once. */
export default function CreateDialog({ onClose }: { readonly onClose: () => void }) {
  const m = useMessages(messages);
  const { cancel } = useMessages(uiMessages);
  const refresh = useRefresh();
  const creator = useCurrentAdmin()?.name ?? "Ana";
  const [created, setCreated] = useState<{ readonly apiKey: ApiKey; readonly secret: string }>();

  async function create(data: FormData) {
    const expireTime = expireTimeOf(data.get("expire_time") as Expiry, String(data.get("day") ?? ""), new Date());
    const { apiKey, secret } = await catalog.auth.createApiKey({
      name: String(data.get("name")),
      access: data.get("access") === "write" ? Access.WRITE : Access.READ,
      ...(expireTime && { expireTime: timestampFromDate(expireTime) }),
    });
    if (apiKey !== undefined) setCreated({ apiKey, secret });
    await refresh(AuthService.method.listApiKeys);
  }

  if (created !== undefined) return <SecretDialog {...created} onClose={onClose} />;
  return (
    <Dialog open onOpenChange={(still) => still || onClose()} title={m.createTitle} description={m.createText}>
      <Form onSubmit={create}>
        <TextField
          label={m.name}
          name="name"
          autoComplete="off"
          maxLength={maxLengths["api_key.name"]}
          hint={m.nameHint(creator)}
          required
          autoFocus
        />
        <AccessChoice />
        <ExpiryFields />
        <DialogActions>
          <Button onClick={onClose}>{cancel}</Button>
          <SubmitButton>{m.create}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function AccessChoice() {
  const m = useMessages(messages);
  const hint = useId();
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={hint}>
      <legend className="mb-1.5 text-sm font-medium">{m.access}</legend>
      <Choice value="read" label={m.read} defaultChecked>
        {m.readText}
      </Choice>
      <Choice value="write" label={m.write}>
        {m.writeText}
      </Choice>
      <p id={hint} className="text-sm text-ink-soft">
        {m.neverAdmins}
      </p>
    </fieldset>
  );
}

interface ChoiceProps {
  readonly value: string;
  readonly label: string;
  readonly defaultChecked?: boolean;
  readonly children: ReactNode;
}

function Choice({ value, label, defaultChecked, children }: ChoiceProps) {
  const id = useId();
  return (
    <label
      htmlFor={id}
      className="flex cursor-pointer items-start gap-3 rounded-lg border border-line-strong/60 px-3 py-2.5 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
    >
      <input
        id={id}
        type="radio"
        name="access"
        value={value}
        defaultChecked={defaultChecked}
        aria-describedby={`${id}-text`}
        className="mt-1 size-4 shrink-0 accent-accent outline-none"
      />
      <span className="text-sm">
        <span className="font-medium">{label}</span>
        <span id={`${id}-text`} className="block text-ink-soft">
          {children}
        </span>
      </span>
    </label>
  );
}

function ExpiryFields() {
  const m = useMessages(messages);
  const format = useFormat();
  const [expiry, setExpiry] = useState<Expiry>("90");
  const [day, setDay] = useState("");
  const names: Record<Expiry, string> = {
    "30": m.days30,
    "90": m.days90,
    "365": m.days365,
    date: m.untilDay,
    never: m.never,
  };
  const now = new Date();
  const expireTime = expireTimeOf(expiry, day, now);
  const hint = expiry === "never" ? m.untilRevoked : expireTime ? m.until(format.dateTime(expireTime)) : undefined;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label={m.expiry}
        name="expire_time"
        value={expiry}
        onChange={(event) => setExpiry(expiries.find((choice) => choice === event.target.value) ?? "90")}
        className={expiry === "date" ? "" : "sm:col-span-2"}
        {...(expiry !== "date" && { hint })}
      >
        {expiries.map((choice) => (
          <option key={choice} value={choice}>
            {names[choice]}
          </option>
        ))}
      </SelectField>
      {expiry === "date" && (
        <TextField
          label={m.day}
          name="day"
          type="date"
          value={day}
          min={dayOf(now)}
          onChange={(event) => setDay(event.target.value)}
          hint={m.wholeDay}
          required
        />
      )}
    </div>
  );
}
