import clsx from "clsx";

/** The initials of a person. Stands beside the name, so screen readers skip it. */
export function Avatar({ name, className }: { readonly name: string | undefined; readonly className?: string }) {
  const words = (name ?? "").trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  return (
    <span
      aria-hidden
      className={clsx(
        "grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink uppercase",
        className,
      )}
    >
      {initials}
    </span>
  );
}
