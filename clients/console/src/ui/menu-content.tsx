import * as RadixMenu from "@radix-ui/react-dropdown-menu";
import clsx from "clsx";
import { Check, type LucideIcon } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import type { Opened } from "./first-open";
import type { MenuProps } from "./menu";

interface OpenMenuProps extends MenuProps {
  readonly opened: Opened;
}

/** A menu that is open at first. It is not modal: Radix's modal one writes a style element, which the content security policy refuses. */
export default function OpenMenu({ trigger, align = "end", opened, children }: OpenMenuProps) {
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (opened === "keyboard") content.current?.querySelector<HTMLElement>("[role^=menuitem]:not([data-disabled])")?.focus();
  }, [opened]);
  return (
    <RadixMenu.Root modal={false} defaultOpen>
      <RadixMenu.Trigger asChild>{trigger}</RadixMenu.Trigger>
      <RadixMenu.Portal>
        <RadixMenu.Content
          ref={content}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="appear z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 overflow-y-auto rounded-xl border border-line bg-raised p-1.5 shadow-float"
        >
          {children({ MenuItem, MenuChoice, MenuSeparator })}
        </RadixMenu.Content>
      </RadixMenu.Portal>
    </RadixMenu.Root>
  );
}

const itemClass =
  "flex min-h-9 w-full items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm outline-none select-none pointer-coarse:min-h-11 " +
  "data-highlighted:bg-sunken data-disabled:opacity-50 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-ink-soft";

interface MenuItemProps {
  readonly icon?: LucideIcon;
  readonly tone?: "danger";
  readonly disabled?: boolean;
  readonly onSelect?: () => void;
  /** Gives the look to the child, such as a Link. */
  readonly asChild?: boolean;
  readonly children: ReactNode;
}

export function MenuItem({ icon: Icon, tone, disabled = false, onSelect, asChild = false, children }: MenuItemProps) {
  return (
    <RadixMenu.Item
      asChild={asChild}
      disabled={disabled}
      onSelect={() => onSelect?.()}
      className={clsx(itemClass, "cursor-pointer", tone === "danger" && "text-danger-ink [&>svg]:text-danger-ink")}
    >
      {asChild ? (
        children
      ) : (
        <>
          {Icon !== undefined && <Icon aria-hidden />}
          {children}
        </>
      )}
    </RadixMenu.Item>
  );
}

/** One of several, of which one holds. */
export function MenuChoice<T extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}) {
  return (
    <RadixMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as T)} aria-label={label}>
      <MenuLabel>{label}</MenuLabel>
      {choices.map((choice) => (
        <RadixMenu.RadioItem
          key={choice.value}
          value={choice.value}
          onSelect={(event) => event.preventDefault()}
          className={clsx(itemClass, "cursor-pointer justify-between")}
        >
          {choice.label}
          <RadixMenu.ItemIndicator>
            <Check className="size-4 text-accent-ink" aria-hidden />
          </RadixMenu.ItemIndicator>
        </RadixMenu.RadioItem>
      ))}
    </RadixMenu.RadioGroup>
  );
}

function MenuLabel({ children }: { readonly children: ReactNode }) {
  return <RadixMenu.Label className="px-2.5 pt-2 pb-1 text-xs font-medium text-ink-soft">{children}</RadixMenu.Label>;
}

export function MenuSeparator() {
  return <RadixMenu.Separator className="-mx-1.5 my-1.5 h-px bg-line" />;
}
