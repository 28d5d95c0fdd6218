import { Link } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { messages } from "./messages";

/** The sign of the catalog, which leads to the storefront or the start of the console. */
export function Brand({ to = "/" }: { readonly to?: "/" | "/admin/products" }) {
  const m = useMessages(messages);
  return (
    <Link to={to} className="inline-flex shrink-0 items-center gap-2.5 rounded-lg text-base font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" className="size-7" aria-hidden="true">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path d="M9 10h6v6H9zM17 10h6v6h-6zM9 18h6v6H9z" className="fill-on-accent" />
        <path d="M17 18h6v6h-6z" className="fill-on-accent opacity-45" />
      </svg>
      {m.catalog}
    </Link>
  );
}

/** Lets keyboards jump over the navigation. The first thing on every layout; its target is {@link Main}. */
export function SkipLink() {
  const m = useMessages(messages);
  return (
    <a
      href="#main"
      className="fixed top-2 left-2 z-60 -translate-y-16 rounded-lg bg-accent px-4 py-2 font-medium text-on-accent focus:translate-y-0"
    >
      {m.skip}
    </a>
  );
}
