import { Link } from "@tanstack/react-router";
import { Compass, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "@/i18n";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/state";
import { Brand } from "./brand";
import { messages } from "./messages";

/** For addresses that lead nowhere. */
export function NotFoundPage() {
  return (
    <WholePage>
      <NotFound />
    </WholePage>
  );
}

/** For pages that broke, or whose code did not arrive, where not even a layout is there. */
export function RouteErrorPage() {
  return (
    <WholePage>
      <RouteError />
    </WholePage>
  );
}

function WholePage({ children }: { readonly children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center justify-center">
      <header>
        <Brand />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function NotFound() {
  const m = useMessages(messages);
  useTitle(m.notFound);
  return (
    <EmptyState
      heading="h1"
      icon={Compass}
      title={m.notFound}
      action={
        <Button variant="primary" asChild>
          <Link to="/">{m.toStorefront}</Link>
        </Button>
      }
    >
      {m.notFoundText}
    </EmptyState>
  );
}

/** For pages that broke, or whose code did not arrive, within their layout. */
export function RouteError() {
  const m = useMessages(messages);
  return (
    <div role="alert">
      <EmptyState
        heading="h1"
        icon={Unplug}
        title={m.broken}
        action={
          <Button variant="primary" onClick={() => location.reload()}>
            {m.reload}
          </Button>
        }
      >
        {m.brokenText}
      </EmptyState>
    </div>
  );
}
