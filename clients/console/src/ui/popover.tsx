import { lazy, type ReactNode, Suspense } from "react";
import { type Trigger, useFirstOpen } from "./first-open";

export interface PopoverProps {
  /** The button that opens it. */
  readonly trigger: Trigger;
  /** Names it for screen readers. */
  readonly label: string;
  readonly align?: "start" | "end";
  /** Makes what is in it, once it is opened. */
  readonly children: (close: () => void) => ReactNode;
}

const load = () => import("./popover-content");
const OpenPopover = lazy(load);

/** A small panel beside its button. */
export function Popover(props: PopoverProps) {
  const [opened, closed] = useFirstOpen(props.trigger, "dialog", load);
  if (opened === undefined) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenPopover {...props} />
    </Suspense>
  );
}
