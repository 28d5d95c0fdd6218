import * as RadixPopover from "@radix-ui/react-popover";
import { useState } from "react";
import type { PopoverProps } from "./popover";

/** A panel that is open at first. */
export default function OpenPopover({ trigger, label, align = "start", children }: PopoverProps) {
  const [open, setOpen] = useState(true);
  return (
    <RadixPopover.Root open={open} onOpenChange={setOpen}>
      <RadixPopover.Trigger asChild>{trigger}</RadixPopover.Trigger>
      <RadixPopover.Portal>
        <RadixPopover.Content
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={12}
          className="appear z-50 max-h-(--radix-popover-content-available-height) w-76 max-w-[calc(100vw-1.5rem)] overflow-y-auto rounded-xl border border-line bg-raised p-4 shadow-float outline-none"
        >
          {children(() => setOpen(false))}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
  );
}
