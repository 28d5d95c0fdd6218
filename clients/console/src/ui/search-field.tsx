import clsx from "clsx";
import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { useDebounced } from "@/lib/use-debounced";
import { inputClass } from "./field";
import { messages } from "./messages";

interface SearchFieldProps {
  /** Names it, and stands in it while it is empty. */
  readonly label: string;
  /** The words that are searched for now, which the address holds. */
  readonly words: string;
  /** Is called while somebody types, once they pause. */
  readonly onSearch: (words: string | undefined) => void;
  readonly round?: boolean;
  readonly className?: string;
}

/** Searches while somebody types. The page's key for searching leads here. */
export function SearchField({ label, words, onSearch, round = false, className }: SearchFieldProps) {
  const m = useMessages(messages);
  const [text, setText] = useState(words);
  // What was searched for and is not in the address yet, the latest last: a slow page gets there while somebody types on.
  const sent = useRef<string[]>([]);
  const search = (typed: string) => {
    const next = typed.trim();
    if (next === (sent.current.at(-1) ?? words)) return;
    sent.current.push(next);
    onSearch(next === "" ? undefined : next);
  };
  const searchSoon = useDebounced(search, 180);

  useEffect(() => {
    const arrived = sent.current.indexOf(words);
    // The address changed by itself: "back", or a link.
    if (arrived < 0) setText(words);
    sent.current = arrived < 0 || words === sent.current.at(-1) ? [] : sent.current.slice(arrived + 1);
  }, [words]);

  return (
    <search className={clsx("relative block", className)}>
      <Search className="pointer-events-none absolute inset-y-0 left-3.5 my-auto size-4 text-ink-soft" aria-hidden />
      <input
        data-search
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={label}
        value={text}
        maxLength={maxLengths.query}
        autoComplete="off"
        enterKeyHint="search"
        onChange={(event) => {
          setText(event.target.value);
          searchSoon(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") search(text);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        className={clsx(inputClass, "pr-10! pl-10! pointer-coarse:h-11", round ? "h-10 rounded-full!" : "h-9.5")}
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
    </search>
  );
}
