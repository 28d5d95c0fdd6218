import clsx from "clsx";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";

/** A table that scrolls sideways in its card if the screen is too narrow. For thousands of rows see features/products. */
export function Table({ label, className, children, ...props }: ComponentProps<"table"> & { readonly label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section aria-label={label} tabIndex={0} className="overflow-x-auto rounded-xl border border-line bg-surface shadow-card">
      <table className={clsx("w-full border-collapse text-sm", className)} {...props}>
        <caption className="sr-only">{label}</caption>
        {children}
      </table>
    </section>
  );
}

export function Th({ className, ...props }: ComponentProps<"th">) {
  return (
    <th
      scope="col"
      className={clsx(
        "h-10 border-b border-line bg-canvas px-4 text-left text-xs font-medium whitespace-nowrap text-ink-soft",
        className,
      )}
      {...props}
    />
  );
}

export function Tr({ className, ...props }: ComponentProps<"tr">) {
  return <tr className={clsx("border-b border-line last:border-0 hover:bg-canvas", className)} {...props} />;
}

export function Td({ className, ...props }: ComponentProps<"td">) {
  return <td className={clsx("px-4 py-3 align-middle", className)} {...props} />;
}

interface SortButtonProps {
  /** How the column is sorted now. The header cell around needs the same as aria-sort. */
  readonly direction: "ascending" | "descending" | undefined;
  readonly onSort: () => void;
  readonly children: ReactNode;
}

/** The name of a column that sorts the table. */
export function SortButton({ direction, onSort, children }: SortButtonProps) {
  const Icon = direction === "ascending" ? ArrowUp : direction === "descending" ? ArrowDown : ChevronsUpDown;
  return (
    <button
      type="button"
      onClick={onSort}
      className="-mx-1.5 inline-flex h-8 items-center gap-1 rounded-md px-1.5 hover:bg-sunken hover:text-ink"
    >
      {children}
      <Icon className={clsx("size-3.5", direction === undefined && "opacity-50")} aria-hidden />
    </button>
  );
}
