import { useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { SearchField } from "@/ui/search-field";
import { messages } from "./messages";
import type { ShopSearch } from "./search-state";

/** Searches from every page of the storefront. The words are in the address. */
export function ShopSearchField() {
  const m = useMessages(messages);
  const navigate = useNavigate();
  const onList = useRouterState({ select: (state) => state.location.pathname === "/" });
  const { q = "" } = useSearch({ strict: false }) as ShopSearch;
  return (
    <SearchField
      round
      label={m.search}
      words={q}
      onSearch={(words) =>
        // Further typing replaces the entry in the history, so that "back" leaves the search in one step.
        void navigate({ to: "/", search: (before) => ({ ...(onList && before), q: words }), replace: onList && q !== "" })
      }
    />
  );
}
