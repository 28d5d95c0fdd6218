import { useSyncExternalStore } from "react";

export const languages = ["en", "es"] as const;
export type Language = (typeof languages)[number];

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

interface Preferences {
  readonly theme: Theme;
  readonly language: Language;
}

/** Also read by public/preferences.js, before the first paint. */
const key = "catalog-preferences";

const listeners = new Set<() => void>();
let current = read();
apply();

// Another tab changed them.
window.addEventListener("storage", (event) => {
  if (event.key === key) adopt(read());
});

/** What this browser's user chose: theme and language. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}

/** Changes what is given, here and in every other tab, and remembers it. */
export function setPreferences(change: Partial<Preferences>): void {
  adopt({ ...current, ...change });
  try {
    localStorage.setItem(key, JSON.stringify(current));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function adopt(next: Preferences): void {
  current = next;
  apply();
  for (const listener of listeners) listener();
}

function apply(): void {
  const root = document.documentElement;
  root.lang = current.language;
  if (current.theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = current.theme;
}

function read(): Preferences {
  let saved: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    saved = JSON.parse(localStorage.getItem(key) ?? "{}") ?? {};
  } catch {
    // Nothing readable: what the system prefers.
  }
  const wanted = navigator.languages.map((tag) => tag.split("-")[0]);
  return {
    theme: themes.find((theme) => theme === saved.theme) ?? "system",
    language:
      languages.find((language) => language === saved.language) ??
      wanted.map((tag) => languages.find((language) => language === tag)).find((language) => language !== undefined) ??
      "en",
  };
}
