import { useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useMessages } from "@/i18n";
import { useDebounced } from "@/lib/use-debounced";
import { messages } from "./messages";
import type { ShopSearch } from "./search-state";

/** Searches while somebody types, from every page of the storefront. The words are in the address. */
export function SearchField() {
  const m = useMessages(messages);
  const navigate = useNavigate();
  const onList = useRouterState({ select: (state) => state.location.pathname === "/" });
  const { q = "" } = useSearch({ strict: false }) as ShopSearch;
  const [text, setText] = useState(q);
  const sent = useRef(q);

  const search = (words: string) => {
    sent.current = words.trim();
    const next = sent.current === "" ? undefined : sent.current;
    // Further typing replaces the entry in the history, so that "back" leaves the search in one step.
    void navigate({ to: "/", search: (before) => ({ ...(onList && before), q: next }), replace: onList && q !== "" });
  };
  const searchSoon = useDebounced(search, 180);

  // The address changed by itself: "back", or a link.
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    setText(q);
  }, [q]);

  return (
    <search className="relative block">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          search(text);
        }}
      >
        <Search className="pointer-events-none absolute inset-y-0 left-3.5 my-auto size-4 text-ink-soft" aria-hidden />
        <input
          data-search
          type="search"
          aria-label={m.search}
          aria-keyshortcuts="/"
          placeholder={m.search}
          value={text}
          maxLength={256}
          autoComplete="off"
          enterKeyHint="search"
          onChange={(event) => {
            setText(event.target.value);
            searchSoon(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
          className="h-10 w-full rounded-full border border-line-strong bg-surface pr-10 pl-10 transition-colors hover:border-ink-soft focus-visible:border-accent focus-visible:-outline-offset-1 max-sm:text-base sm:text-sm pointer-coarse:h-11"
        />
        {text !== "" && (
          <button
            type="button"
            aria-label={m.clearSearch}
            onClick={() => {
              setText("");
              search("");
            }}
            className="absolute inset-y-0 right-1 my-auto grid size-9 place-items-center rounded-full text-ink-soft hover:text-ink"
          >
            <X className="size-4" aria-hidden />
          </button>
        )}
      </form>
    </search>
  );
}
