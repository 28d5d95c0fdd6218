import { useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { describeUserAgent } from "@/lib/user-agent";
import { TextField } from "@/ui/field";
import { messages } from "./messages";

/** The name of a new passkey, which is that of the device unless somebody has a better one. */
export function PasskeyNameField({ autoFocus = false }: { readonly autoFocus?: boolean }) {
  const m = useMessages(messages);
  const { program, system } = describeUserAgent(navigator.userAgent);
  return (
    <TextField
      label={m.passkeyName}
      name="name"
      autoComplete="off"
      defaultValue={system === undefined ? program : m.device(program, system)}
      maxLength={maxLengths["passkey.name"]}
      hint={m.passkeyNameHint}
      required
      autoFocus={autoFocus}
    />
  );
}
