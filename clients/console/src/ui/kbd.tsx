const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** The keys of a shortcut, as in {@link Shortcut.keys}. */
export function Kbd({ keys }: { readonly keys: string }) {
  const parts = keys.replace("mod+", isMac ? "⌘ " : "Ctrl ").split(" ");
  return (
    <span className="inline-flex gap-1">
      {parts.map((part) => (
        <kbd
          key={part}
          className="inline-grid h-5.5 min-w-5.5 place-items-center rounded-md border border-line bg-sunken px-1.5 font-sans text-xs font-medium text-ink-soft"
        >
          {part.length === 1 ? part.toUpperCase() : part}
        </kbd>
      ))}
    </span>
  );
}
