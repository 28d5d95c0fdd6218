import { useSyncExternalStore } from "react";

/** Returns whether the screen is as a media query says, such as "(min-width: 60rem)". */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}
