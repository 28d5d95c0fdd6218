import { X } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import type { Wiring } from "@/ui/field";
import { messages } from "./messages";

interface TagInputProps {
  readonly wiring: Wiring;
  readonly tags: readonly string[];
  readonly onChange: (tags: readonly string[]) => void;
}

/** Tags as chips before an input: Enter or a comma adds one, Backspace in the empty input takes the last one away. */
export function TagInput({ wiring, tags, onChange }: TagInputProps) {
  const m = useMessages(messages);
  const [text, setText] = useState("");
  const add = (typed: string) => {
    const more = typed
      .split(",")
      .map((tag) => tag.trim())
      .filter((tag) => tag !== "");
    if (more.length > 0) onChange([...new Set([...tags, ...more])]);
    setText("");
  };
  return (
    <div className="flex min-h-9.5 flex-wrap items-center gap-1.5 rounded-lg border border-line-strong bg-surface p-1.5 has-[input:focus-visible]:border-accent has-[input:focus-visible]:outline-2 has-[input:focus-visible]:-outline-offset-1 has-[input:focus-visible]:outline-accent has-[[aria-invalid]]:border-danger">
      {tags.map((tag) => (
        <span
          key={tag}
          className="inline-flex h-7 max-w-full items-center gap-1 rounded-md bg-accent-soft pl-2 text-sm text-accent-ink"
        >
          <span className="truncate">{tag}</span>
          <button
            type="button"
            aria-label={m.removeTagNamed(tag)}
            onClick={() => onChange(tags.filter((other) => other !== tag))}
            className="grid size-7 place-items-center rounded-md hover:bg-sunken"
          >
            <X className="size-3.5" />
          </button>
        </span>
      ))}
      <input
        {...wiring}
        value={text}
        placeholder={tags.length === 0 ? m.addTagTo : ""}
        maxLength={maxLengths["product.tags[]"]}
        autoComplete="off"
        onChange={(event) => (event.target.value.includes(",") ? add(event.target.value) : setText(event.target.value))}
        onBlur={() => add(text)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && text.trim() !== "") {
            event.preventDefault();
            add(text);
          } else if (event.key === "Backspace" && text === "") {
            onChange(tags.slice(0, -1));
          }
        }}
        className="h-7 min-w-24 flex-1 bg-transparent px-1.5 outline-none max-sm:text-base sm:text-sm"
      />
    </div>
  );
}
