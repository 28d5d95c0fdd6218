import { useEffect, useRef } from "react";

/** Returns a function that calls the latest action once its own calls have paused for so many milliseconds. */
export function useDebounced<Args extends unknown[]>(action: (...args: Args) => void, ms: number): (...args: Args) => void {
  const latest = useRef(action);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current = action;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return (...args) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(...args), ms);
  };
}
