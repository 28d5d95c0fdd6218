import type { LucideIcon } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";

/** Something that the page can do: listed in the palette and, if it has keys, in the help. */
export interface Command {
  readonly label: string;
  /** One key ("/"), a key with Ctrl or Cmd ("mod+k"), or two keys after each other ("g p"). */
  readonly keys?: string;
  /** The heading that it stands under. */
  readonly group: string;
  readonly icon?: LucideIcon;
  readonly run: () => void;
}

/** How long the second key of a pair may take, in milliseconds. */
const pairTimeout = 1_000;

let active: readonly Command[] = [];
const listeners = new Set<() => void>();
let first: { readonly key: string; readonly at: number } | undefined;

/** Offers commands for as long as the component is there; for the same keys the latest wins. Give it a memoized array. */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    update([...active, ...commands]);
    return () => update(active.filter((command) => !commands.includes(command)));
  }, [commands]);
}

/** Returns what the page can do now. */
export function useActiveCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => active,
  );
}

/** Puts the cursor into the page's search field: the input with data-search. */
export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("input[data-search]");
  field?.focus();
  field?.select();
}

function update(next: readonly Command[]): void {
  active = next;
  for (const listener of listeners) listener();
}

window.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const mod = event.ctrlKey || event.metaKey;
  if (!mod && (isTyping(event.target) || document.querySelector("[role=dialog], [role=menu]") !== null)) return;
  const key = mod ? `mod+${event.key.toLowerCase()}` : event.key;
  const before = first !== undefined && event.timeStamp - first.at < pairTimeout ? first.key : undefined;
  first = { key, at: event.timeStamp };
  const match = active.findLast(({ keys }) => keys === key || keys === `${before} ${key}`);
  if (match === undefined) return;
  first = undefined;
  event.preventDefault();
  match.run();
});

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
