import * as RadixToast from "@radix-ui/react-toast";
import clsx from "clsx";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useMessages } from "@/i18n";
import { IconButton } from "./button";
import { messages } from "./messages";
import { dismissToast, type Toast, undo, useToasts } from "./toast";

/** Where toasts appear. One for the whole page, loaded after it. */
export default function Toaster() {
  const m = useMessages(messages);
  const shown = useToasts();
  return (
    <RadixToast.Provider label={m.notifications} swipeDirection="right">
      {shown.map((item) => (
        <ToastItem key={item.id} item={item} />
      ))}
      <RadixToast.Viewport
        label={m.notifications}
        className="fixed right-0 bottom-0 z-60 flex w-full max-w-md flex-col gap-2 p-4 max-md:bottom-16 outline-none"
      />
    </RadixToast.Provider>
  );
}

function ToastItem({ item }: { readonly item: Toast }) {
  const { id, text, tone = "success", onUndo } = item;
  const m = useMessages(messages);
  const Icon = tone === "danger" ? CircleAlert : CircleCheck;
  return (
    <RadixToast.Root
      type={tone === "danger" ? "foreground" : "background"}
      duration={onUndo === undefined ? 6_000 : 12_000}
      onOpenChange={(open) => {
        if (!open) dismissToast(id);
      }}
      className="rise flex items-center gap-3 rounded-xl border border-line bg-raised py-2 pr-2 pl-4 shadow-float"
    >
      <Icon className={clsx("size-4.5 shrink-0", tone === "danger" ? "text-danger-ink" : "text-success-ink")} aria-hidden />
      <RadixToast.Description className="min-w-0 flex-1 py-1 text-sm wrap-anywhere">{text}</RadixToast.Description>
      {onUndo !== undefined && (
        <RadixToast.Action
          altText={m.undo}
          onClick={() => undo(item)}
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
