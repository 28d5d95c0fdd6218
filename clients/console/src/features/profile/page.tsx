import { Link } from "@tanstack/react-router";
import { Preferences_Frequency as Frequency, NotificationService } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";
import { useCurrentAdmin } from "@/app/admin/session";
import { SessionList } from "@/app/admin/session-list";
import { useMessages } from "@/i18n";
import { type Language, languages, setPreferences, type Theme, themes, usePreferences } from "@/lib/preferences";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { PageHeader, Section } from "@/ui/card";
import { SelectField } from "@/ui/field";
import { Skeleton } from "@/ui/state";
import { AboutForm } from "./about-form";
import { messages } from "./messages";
import { Passkeys } from "./passkeys";
import { PasswordForm } from "./password-form";
import { SignOutElsewhere } from "./sign-out-elsewhere";

const languageNames = { en: "English", es: "Español" };

/** Everything about who is signed in that is theirs to change. */
export function ProfilePage() {
  const m = useMessages(messages);
  useTitle(m.title);
  const admin = useCurrentAdmin();
  return (
    <>
      <PageHeader title={m.title} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <div className="grid gap-5">
          <Section title={m.about} description={m.aboutText}>
            {admin === undefined ? <Skeleton className="h-52" /> : <AboutForm key={admin.etag} admin={admin} />}
          </Section>
          <Section title={m.password} description={m.passwordText}>
            <PasswordForm email={admin?.email ?? ""} />
          </Section>
          <Passkeys />
        </div>
        <div className="grid gap-5">
          <Section title={m.sessions} description={m.sessionsText} actions={<SignOutElsewhere />}>
            <SessionList />
          </Section>
          <Mails />
          <Appearance />
        </div>
      </div>
    </>
  );
}

function Mails() {
  const m = useMessages(messages);
  const frequency = useQuery(NotificationService.method.getPreferences, {}).data?.preferences?.frequency;
  const words: Partial<Record<Frequency, string>> = {
    [Frequency.IMMEDIATE]: m.immediate,
    [Frequency.HOURLY]: m.hourly,
    [Frequency.DAILY]: m.daily,
  };
  return (
    <Section
      title={m.mails}
      description={
        frequency === undefined ? undefined : (
          <>
            {m.frequency} <strong className="font-medium text-ink">{words[frequency]}</strong>.
          </>
        )
      }
    >
      <Button asChild>
        <Link to="/admin/notifications" search={{ tab: "preferences" }}>
          {m.choose}
        </Link>
      </Button>
    </Section>
  );
}

function Appearance() {
  const m = useMessages(messages);
  const { theme, language } = usePreferences();
  return (
    <Section title={m.appearance} description={m.appearanceText}>
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label={m.theme}
          name="theme"
          value={theme}
          onChange={(event) => setPreferences({ theme: event.target.value as Theme })}
        >
          {themes.map((value) => (
            <option key={value} value={value}>
              {m[value]}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={m.language}
          name="language"
          value={language}
          onChange={(event) => setPreferences({ language: event.target.value as Language })}
        >
          {languages.map((value) => (
            <option key={value} value={value}>
              {languageNames[value]}
            </option>
          ))}
        </SelectField>
      </div>
    </Section>
  );
}
