import { cloneElement, type KeyboardEvent, type MouseEvent, type ReactElement, useState } from "react";

/** A button, or something that takes the properties of one. */
export type Trigger = ReactElement<{
  onClick?: (event: MouseEvent) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
}>;

/** How something was opened: a keyboard's user wants the cursor on its first entry. */
export type Opened = "pointer" | "keyboard";

/**
 * Returns how the trigger's menu or panel was opened, undefined until it is, and the trigger as it is until then. Tables have one in
 * each row: what a menu needs is loaded when somebody comes near the first one, and made only for those that are opened.
 *
 * @param load - loads it ahead of the click
 */
export function useFirstOpen(
  trigger: Trigger,
  popup: "menu" | "dialog",
  load: () => Promise<unknown>,
): readonly [Opened | undefined, ReactElement] {
  const [opened, setOpened] = useState<Opened>();
  // If it fails here, it is loaded again, and the failure shown, when somebody opens it.
  const prepare = () => void load().catch(() => undefined);
  const closed = cloneElement(trigger, {
    "aria-haspopup": popup,
    "aria-expanded": false,
    onPointerEnter: prepare,
    onFocus: prepare,
    onClick: ({ detail }: MouseEvent) => setOpened(detail === 0 ? "keyboard" : "pointer"),
    onKeyDown: (event: KeyboardEvent) => {
      if (popup !== "menu" || event.key !== "ArrowDown") return;
      event.preventDefault();
      setOpened("keyboard");
    },
  } as Trigger["props"]);
  return [opened, closed];
}
