import { Preferences_Frequency as Frequency, NotificationService } from "@zebrands/catalog";
import { useMutation, useQuery } from "@zebrands/catalog/react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useRefresh } from "@/lib/refresh";
import { ErrorState, Skeleton } from "@/ui/state";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

/** How often one wants mails. It is saved as soon as it is chosen. */
export function Preferences() {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const refresh = useRefresh();
  const preferences = useQuery(NotificationService.method.getPreferences, {});
  const update = useMutation(NotificationService.method.updatePreferences);
  // Shown at once, while it is being saved.
  const [wanted, setWanted] = useState<Frequency>();
  if (preferences.isError) return <ErrorState message={describe(preferences.error)} onRetry={() => void preferences.refetch()} />;
  if (preferences.data === undefined) return <Skeleton className="h-64 max-w-2xl" />;
  const chosen = wanted ?? preferences.data.preferences?.frequency;

  async function choose(frequency: Frequency) {
    setWanted(frequency);
    try {
      await update.mutateAsync({ preferences: { frequency } });
      toast(m.savedPreferences);
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
    await refresh(NotificationService.method.getPreferences);
    setWanted(undefined);
  }

  const midnight = new Date();
  midnight.setUTCHours(24, 0, 0, 0);
  const choices = [
    { value: Frequency.IMMEDIATE, label: m.immediate, text: m.immediateText },
    { value: Frequency.HOURLY, label: m.hourly, text: m.hourlyText },
    {
      value: Frequency.DAILY,
      label: m.daily,
      text: m.dailyText(new Intl.DateTimeFormat(format.locale, { timeStyle: "short" }).format(midnight)),
    },
  ];
  return (
    <fieldset className="max-w-2xl">
      <legend className="font-semibold">{m.frequencyTitle}</legend>
      <p className="mt-0.5 mb-4 text-sm text-ink-soft">{m.frequencyText}</p>
      <div className="grid gap-2.5">
        {choices.map(({ value, label, text }) => (
          <label
            key={value}
            className="flex cursor-pointer items-start gap-3.5 rounded-xl border border-line bg-surface p-4 shadow-card transition-colors hover:border-line-strong has-checked:border-accent has-checked:bg-accent-soft/60 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="frequency"
              checked={chosen === value}
              onChange={() => void choose(value)}
              className="mt-1 size-4 accent-accent outline-none"
            />
            <span className="text-sm">
              <span className="block font-medium">{label}</span>
              <span className="block text-ink-soft">{text}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
