import type { ReactNode } from "react";

interface FloatingBarProps {
  readonly label: string;
  /** Says how many are selected; read out when that changes. */
  readonly selected: string;
  readonly children: ReactNode;
}

/** What can be done with what is selected; floats over the page. */
export function FloatingBar({ label, selected, children }: FloatingBarProps) {
  return (
    <section
      aria-label={label}
      className="rise fixed inset-x-3 bottom-[calc(4.5rem+env(safe-area-inset-bottom))] z-20 mx-auto flex w-fit max-w-[calc(100vw-1.5rem)] flex-wrap items-center gap-1 rounded-2xl border border-line-strong/60 bg-raised p-1.5 shadow-float md:bottom-6 md:left-[16rem]"
    >
      <p aria-live="polite" className="mr-1 ml-2.5 text-sm font-medium tabular-nums">
        {selected}
      </p>
      {children}
    </section>
  );
}
