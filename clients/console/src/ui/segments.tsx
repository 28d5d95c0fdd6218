import clsx from "clsx";
import { useId } from "react";

interface SegmentsProps<T extends string> {
  /** What is chosen, for screen readers. */
  readonly label: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
  readonly className?: string;
}

/** A few choices in a row, of which one holds: radio buttons that look like one control. */
export function Segments<T extends string>({ label, value, choices, onChange, className }: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset className={clsx("inline-flex max-w-full min-w-0 overflow-x-auto rounded-lg bg-sunken p-0.75", className)}>
      <legend className="sr-only">{label}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className="relative flex h-8 shrink-0 cursor-pointer items-center rounded-md px-3 max-sm:px-2 text-sm font-medium whitespace-nowrap text-ink-soft transition-colors hover:text-ink has-checked:bg-surface has-checked:text-ink has-checked:shadow-card has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:h-10"
        >
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
            className="absolute inset-0 cursor-pointer opacity-0"
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}
