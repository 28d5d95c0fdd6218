import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";

/** So many rows before the end, the next ones are asked for. */
const ahead = 30;

/**
 * Picks the rows that are in sight of a list that scrolls with the page. Put the anchor on what holds the rows; `before` and `after`
 * are the heights of those that are left out.
 */
export function useVirtualRows(count: number, height: number, onEnd: () => void) {
  const anchor = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // What stands above grows and shrinks, with filters for example.
  useLayoutEffect(() => {
    const now = (anchor.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
    if (Math.abs(now - top) > 1) setTop(now);
  });
  const virtualizer = useWindowVirtualizer({ count, estimateSize: () => height, overscan: 8, scrollMargin: top });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const latest = useRef(onEnd);
  useEffect(() => {
    latest.current = onEnd;
  });
  useEffect(() => {
    if (count > 0 && last >= count - ahead) latest.current();
  }, [last, count]);
  const size = virtualizer.getTotalSize();
  return {
    anchor,
    items,
    before: (items[0]?.start ?? top) - top,
    after: Math.max(0, size - ((items.at(-1)?.end ?? top) - top)),
    measure: virtualizer.measureElement,
  };
}
