import { lazy, type ReactNode, Suspense } from "react";
import { type Trigger, useFirstOpen } from "./first-open";

/** What menus are made of; see menu-content.tsx. */
export type MenuParts = Pick<typeof import("./menu-content"), "MenuItem" | "MenuChoice" | "MenuSeparator">;

export interface MenuProps {
  /** The button that opens it. */
  readonly trigger: Trigger;
  readonly align?: "start" | "end";
  /** Makes the entries, once it is opened. */
  readonly children: (parts: MenuParts) => ReactNode;
}

const load = () => import("./menu-content");
const OpenMenu = lazy(load);

/** A button's menu. */
export function Menu(props: MenuProps) {
  const [opened, closed] = useFirstOpen(props.trigger, "menu", load);
  if (opened === undefined) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu {...props} opened={opened} />
    </Suspense>
  );
}
