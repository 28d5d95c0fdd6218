import { Link, Outlet } from "@tanstack/react-router";
import { ShopSearchField } from "@/features/storefront/search";
import { useMessages } from "@/i18n";
import { languages, setPreferences, themes, usePreferences } from "@/lib/preferences";
import { Brand, SkipLink } from "../brand";
import { languageNames, messages } from "../messages";

export function ShopLayout() {
  const m = useMessages(messages);
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="sticky top-0 z-30 border-b border-line bg-canvas/92 backdrop-blur">
        <div className="mx-auto flex max-w-[96rem] flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3 sm:px-6 lg:px-8">
          <Brand />
          <div className="order-last w-full sm:order-none sm:mx-auto sm:w-auto sm:max-w-xl sm:flex-1">
            <ShopSearchField />
          </div>
          <Link to="/admin" className="ml-auto rounded-md text-sm font-medium text-ink-soft hover:text-ink sm:ml-0">
            {m.console}
          </Link>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[96rem] flex-1 px-4 py-6 sm:px-6 lg:px-8 lg:py-8">
        <Outlet />
      </main>
      <footer className="border-t border-line">
        <div className="mx-auto flex max-w-[96rem] flex-wrap items-center justify-between gap-x-8 gap-y-4 px-4 py-6 text-sm text-ink-soft sm:px-6 lg:px-8">
          <Choices />
          <a href="/docs" className="rounded-md underline-offset-4 hover:text-ink hover:underline">
            API
          </a>
        </div>
      </footer>
    </div>
  );
}

/** Theme and language, without a menu: the storefront loads as little as it can. */
function Choices() {
  const m = useMessages(messages);
  const preferences = usePreferences();
  return (
    <div className="flex flex-wrap gap-x-8 gap-y-3">
      <Choice
        label={m.theme}
        value={preferences.theme}
        options={themes.map((theme) => [theme, m[theme]])}
        onChange={(theme) => setPreferences({ theme })}
      />
      <Choice
        label={m.language}
        value={preferences.language}
        options={languages.map((language) => [language, languageNames[language]])}
        onChange={(language) => setPreferences({ language })}
      />
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <label className="flex items-center gap-2">
      {label}
      <select
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
        className="h-8 rounded-md border border-line bg-surface px-2 text-ink pointer-coarse:h-11"
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
