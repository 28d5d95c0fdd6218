import type { ReactNode } from "react";
import { useTitle } from "@/lib/use-title";

/** What the pages around signing in have in common: a title, a sentence, a form. */
export function AccountPage({
  title,
  intro,
  children,
}: {
  readonly title: string;
  readonly intro: string;
  readonly children: ReactNode;
}) {
  useTitle(title);
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-1.5 mb-6 text-sm text-ink-soft">{intro}</p>
      {children}
    </>
  );
}
