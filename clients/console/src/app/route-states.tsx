import { Link } from "@tanstack/react-router";
import { Compass, Unplug } from "lucide-react";
import { useMessages } from "@/i18n";
import { useTitle } from "@/lib/use-title";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/state";
import { messages } from "./messages";

/** For addresses that lead nowhere. */
export function NotFound() {
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

/** For pages that broke, or whose code did not arrive. */
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
