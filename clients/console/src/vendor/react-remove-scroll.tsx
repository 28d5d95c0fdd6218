import type { ReactNode } from "react";

/**
 * Stands in for the package of this name, which Radix's modal parts import. It holds the page still by writing a style element, which
 * the content security policy refuses; src/ui uses none of these parts and holds the page with data-holds-page instead.
 */
export function RemoveScroll({ children }: { readonly children: ReactNode }) {
  return children;
}
