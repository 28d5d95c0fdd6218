import clsx from "clsx";
import { CloudOff, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "@/i18n";
import { Button } from "./button";
import { messages } from "./messages";

interface EmptyStateProps {
  readonly icon: LucideIcon;
  readonly title: string;
  /** "h1" if it stands for the whole page. */
  readonly heading?: "h1" | "h2";
  readonly children?: ReactNode;
  /** What the person can do now. */
  readonly action?: ReactNode;
}

/** Says that there is nothing here, why, and what to do about it. */
export function EmptyState({ icon: Icon, title, heading: Heading = "h2", children, action }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-6 py-16 text-center">
      <div className="mb-4 grid size-14 place-items-center rounded-2xl bg-accent-soft text-accent-ink">
        <Icon className="size-6" aria-hidden />
      </div>
      <Heading className="text-lg font-semibold">{title}</Heading>
      {children !== undefined && <div className="mt-1.5 text-ink-soft text-pretty">{children}</div>}
      {action !== undefined && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** Says that something could not be loaded, and offers to try again. */
export function ErrorState({ message, onRetry }: { readonly message: string; readonly onRetry?: () => void }) {
  const m = useMessages(messages);
  return (
    <div role="alert">
      <EmptyState
        icon={CloudOff}
        title={m.couldNotLoad}
        action={
          onRetry !== undefined && (
            <Button variant="primary" onClick={onRetry}>
              {m.tryAgain}
            </Button>
          )
        }
      >
        {message}
      </EmptyState>
    </div>
  );
}

/** Holds the place of something that is being loaded. Give it the size of what comes. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={clsx("skeleton rounded-md", className)} />;
}
