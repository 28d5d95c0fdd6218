import type { FormEvent } from "react";

/** For inputs of codes: makes what is typed capitals. */
export function upperCase(event: FormEvent<HTMLInputElement>): void {
  event.currentTarget.value = event.currentTarget.value.toUpperCase();
}
