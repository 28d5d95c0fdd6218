import { useSyncExternalStore } from "react";

/** What a toast can be told. */
export interface ToastOptions {
  readonly tone?: "success" | "danger";
  /** Offers to take back what the toast tells. */
  readonly onUndo?: () => void;
}

/** A toast that is shown. */
export interface Toast extends ToastOptions {
  readonly id: number;
  readonly text: string;
}

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** The latest that can be taken back, also when its toast is gone. */
let undoable: Toast | undefined;

/** Tells that something has happened, from wherever it did. Errors that belong to a form or a page are shown there instead. */
export function toast(text: string, options: ToastOptions = {}): void {
  const added = { id: ++lastId, text, ...options };
  if (options.onUndo !== undefined) undoable = added;
  update([...toasts.slice(-2), added]);
}

/** Takes back what a toast tells, once; without one, the latest that can be. */
export function undo(item: Toast | undefined = undoable): void {
  if (item === undefined) return;
  if (item.id === undoable?.id) undoable = undefined;
  dismissToast(item.id);
  item.onUndo?.();
}

function update(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Returns the toasts that are shown now. */
export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(subscribe, () => toasts);
}

/** Takes a toast away. */
export function dismissToast(id: number): void {
  update(toasts.filter((item) => item.id !== id));
}
