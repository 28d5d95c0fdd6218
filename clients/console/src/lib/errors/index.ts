import { Code, ConnectError, type FieldViolation, reasonOf } from "@zebrands/catalog";
import { useCallback } from "react";
import { defineMessages, useFormat, useMessages } from "@/i18n";
import { PasskeyError } from "@/lib/passkeys";
import { usePreferences } from "@/lib/preferences";

const messages = defineMessages({
  en: {
    unavailable: "The server cannot be reached. Try again in a moment.",
    timeout: "The server took too long to answer. Try again.",
    internal: "Something went wrong on the server. Try again; if it stays, tell whoever runs the catalog.",
    canceled: "No passkey was used. Try again when you are ready.",
    known: "This device has a passkey for your account already.",
    address: "Passkeys do not work at this address. Open the catalog at the address that its mails link to.",
    failed: "The passkey could not be used. Try again, or use another one.",
  },
  es: {
    unavailable: "No se puede contactar con el servidor. Inténtalo de nuevo en un momento.",
    timeout: "El servidor tardó demasiado en responder. Inténtalo de nuevo.",
    internal: "Algo falló en el servidor. Inténtalo de nuevo; si continúa, avisa a quien administra el catálogo.",
    canceled: "No se usó ninguna llave de acceso. Inténtalo de nuevo cuando quieras.",
    known: "Este dispositivo ya tiene una llave de acceso para tu cuenta.",
    address: "Las llaves de acceso no funcionan en esta dirección. Abre el catálogo en la dirección que enlazan sus correos.",
    failed: "No se pudo usar la llave de acceso. Inténtalo de nuevo o usa otra.",
  },
});

let words: typeof import("./words") | undefined;

/** Fetches the words for what a server refuses. Call it before somebody is told of an error: most visits never need them. */
export async function loadErrorWords(): Promise<void> {
  // If they cannot be had, neither can the server, and that can be said without them.
  words ??= await import("./words").catch(() => undefined);
}

/** Returns a function that says what went wrong in a sentence for people, in their language. */
export function useDescribeError(): (error: unknown) => string {
  const m = useMessages(messages);
  const format = useFormat();
  const { language } = usePreferences();
  return useCallback(
    (error) => {
      if (error instanceof PasskeyError) return m[error.problem];
      const text = reasonOf(error) === undefined ? undefined : words?.describeRefusal(error, language, format);
      if (text !== undefined) return text;
      const { code, rawMessage } = ConnectError.from(error);
      if (code === Code.Unavailable) return m.unavailable;
      if (code === Code.DeadlineExceeded) return m.timeout;
      if (code === Code.Internal || code === Code.Unknown) return m.internal;
      return sentence(rawMessage);
    },
    [m, format, language],
  );
}

/** Returns a function that says what is wrong with a field, such as "must not be empty", in the person's language. */
export function useDescribeViolation(): (violation: FieldViolation) => string {
  const format = useFormat();
  const { language } = usePreferences();
  return useCallback(
    (violation) => words?.describeViolation(violation, language, format) ?? violation.description,
    [format, language],
  );
}

/** Returns a text with a capital and a full stop. */
export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
