import { useMessages } from "@/i18n";
import type { PasskeyObstacle } from "@/lib/passkeys";
import { Alert } from "@/ui/alert";
import { messages } from "./messages";

/** Says why no passkey can be used here, and what to do about it. */
export function Obstacle({ obstacle }: { readonly obstacle: PasskeyObstacle }) {
  const m = useMessages(messages);
  return <Alert tone="warning">{m[obstacle]}</Alert>;
}
