import * as RadixToast from "@radix-ui/react-toast";
import clsx from "clsx";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useMessages } from "@/i18n";
import { IconButton } from "./button";
import { messages } from "./messages";

interface ToastOptions {
  readonly tone?: "success" | "danger";
  /** Offers to take back what the toast tells. */
  readonly onUndo?: () => void;
}

interface Toast extends ToastOptions {
  readonly id: number;
  readonly text: string;
}

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** Tells that something has happened, from wherever it did. Errors that belong to a form or a page are shown there instead. */
export function toast(text: string, options: ToastOptions = {}): void {
  update([...toasts.slice(-2), { id: ++lastId, text, ...options }]);
}

function update(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where toasts appear. One for the whole page. */
export function Toaster() {
  const m = useMessages(messages);
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <RadixToast.Provider label={m.notifications} swipeDirection="right">
      {shown.map((item) => (
        <ToastItem key={item.id} {...item} />
      ))}
      <RadixToast.Viewport
        label={m.notifications}
        className="fixed right-0 bottom-0 z-60 flex w-full max-w-md flex-col gap-2 p-4 max-md:bottom-16 outline-none"
      />
    </RadixToast.Provider>
  );
}

function ToastItem({ id, text, tone = "success", onUndo }: Toast) {
  const m = useMessages(messages);
  const Icon = tone === "danger" ? CircleAlert : CircleCheck;
  return (
    <RadixToast.Root
      type={tone === "danger" ? "foreground" : "background"}
      duration={onUndo === undefined ? 5_000 : 8_000}
      onOpenChange={(open) => {
        if (!open) update(toasts.filter((item) => item.id !== id));
      }}
      className="rise flex items-center gap-3 rounded-xl border border-line bg-raised py-2 pr-2 pl-4 shadow-float"
    >
      <Icon className={clsx("size-4.5 shrink-0", tone === "danger" ? "text-danger-ink" : "text-success-ink")} aria-hidden />
      <RadixToast.Description className="min-w-0 flex-1 py-1 text-sm wrap-anywhere">{text}</RadixToast.Description>
      {onUndo !== undefined && (
        <RadixToast.Action
          altText={m.undo}
          onClick={onUndo}
          className="h-8 rounded-lg px-2.5 text-sm font-semibold text-accent-ink hover:bg-sunken pointer-coarse:h-10"
        >
          {m.undo}
        </RadixToast.Action>
      )}
      <RadixToast.Close asChild>
        <IconButton label={m.close} size="sm">
          <X />
        </IconButton>
      </RadixToast.Close>
    </RadixToast.Root>
  );
}
