import * as RadixDialog from "@radix-ui/react-dialog";
import clsx from "clsx";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "@/i18n";
import { Button, IconButton } from "./button";
import { messages } from "./messages";

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: ReactNode;
  /** "sheet" comes from the side and has the page's height. */
  readonly kind?: "center" | "sheet";
  /** Only its own buttons close it: neither Escape, nor a click beside it. For what is shown only once. */
  readonly persistent?: boolean;
  readonly className?: string;
  readonly children?: ReactNode;
}

/**
 * A modal dialog; from the bottom on a phone. The shade is a plain element: Radix's own one writes a style element into the page, which
 * the content security policy refuses.
 */
export function Dialog(props: DialogProps) {
  const { open, onOpenChange, title, description, kind = "center", persistent = false, className, children } = props;
  const m = useMessages(messages);
  const stay = persistent ? (event: Event) => event.preventDefault() : undefined;
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        {/* One layer for both, so that a dialog over another one shades it, too. */}
        <div className="relative z-40">
          <div className="appear fixed inset-0 bg-shade" aria-hidden />
          <RadixDialog.Content
            data-holds-page=""
            {...(stay && { onEscapeKeyDown: stay, onInteractOutside: stay })}
            {...(description === undefined && { "aria-describedby": undefined })}
            className={clsx(
              "rise fixed flex flex-col bg-raised shadow-float outline-none",
              kind === "center"
                ? "inset-x-0 bottom-0 max-h-[92dvh] rounded-t-2xl border border-line sm:inset-auto sm:top-[50%] sm:left-[50%] sm:max-h-[86dvh] sm:w-[min(32rem,calc(100vw-3rem))] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-2xl"
                : "inset-y-0 right-0 w-full border-l border-line sm:max-w-xl",
              className,
            )}
          >
            <header className="flex items-start justify-between gap-4 px-5 pt-4 pb-2">
              <div>
                <RadixDialog.Title className="text-lg font-semibold">{title}</RadixDialog.Title>
                {description !== undefined && (
                  <RadixDialog.Description className="mt-1 text-sm text-ink-soft">{description}</RadixDialog.Description>
                )}
              </div>
              {!persistent && (
                <RadixDialog.Close asChild>
                  <IconButton label={m.close} size="sm" className="-mr-1.5">
                    <X />
                  </IconButton>
                </RadixDialog.Close>
              )}
            </header>
            <div className="min-h-0 overflow-y-auto px-5 pt-1 pb-5">{children}</div>
          </RadixDialog.Content>
        </div>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

interface ConfirmDialogProps extends Omit<DialogProps, "children" | "kind" | "persistent"> {
  /** What the button does, as a verb: "Delete 12 products". */
  readonly confirm: string;
  readonly tone?: "primary" | "danger";
  readonly pending?: boolean;
  readonly onConfirm: () => void;
}

/** Asks before something that cannot simply be undone. What can be undone needs no question: use a toast with undo. */
export function ConfirmDialog({ confirm, tone = "danger", pending = false, onConfirm, ...dialog }: ConfirmDialogProps) {
  const m = useMessages(messages);
  return (
    <Dialog {...dialog}>
      <DialogActions>
        <Button onClick={() => dialog.onOpenChange(false)}>{m.cancel}</Button>
        <Button variant={tone} aria-disabled={pending} onClick={pending ? undefined : onConfirm}>
          {confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** The buttons at the end of a dialog, the main one last. */
export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <div className="mt-3 flex flex-wrap justify-end gap-2 max-sm:flex-col-reverse">{children}</div>;
}
