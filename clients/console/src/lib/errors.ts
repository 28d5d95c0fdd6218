import { Code, ConnectError, type Reason, reasonOf, retryDelay } from "@zebrands/catalog";
import { useCallback } from "react";
import { defineMessages, useFormat, useMessages } from "@/i18n";

const messages = defineMessages({
  en: {
    unavailable: "The server cannot be reached. Try again in a moment.",
    timeout: "The server took too long to answer. Try again.",
    internal: "Something went wrong on the server. Try again; if it stays, tell whoever runs the catalog.",
    SIGN_IN_FAILED: "E-mail address or password is not right.",
    throttled: (wait: string) => `Too many attempts. Try again in ${wait}.`,
    PASSWORD_INCORRECT: "The current password is not right.",
    ONE_TIME_TOKEN_INVALID: "This link was used already, or it has expired.",
    SETUP_COMPLETE: "The catalog has an administrator already. Sign in, or ask them for an invitation.",
    SESSION_ENDED: "Your session has ended. Sign in again.",
    EMAIL_TAKEN: "Another administrator has this e-mail address.",
    SKU_TAKEN: "Another product has this SKU.",
    PRODUCT_NOT_FOUND: "This product does not exist, or it was deleted.",
    LAST_ADMIN: "The last administrator who can sign in can be neither disabled nor deleted.",
    CONCURRENT_CHANGE: "Somebody changed the same at the same moment. Try again.",
  },
  es: {
    unavailable: "No se puede contactar con el servidor. Inténtalo de nuevo en un momento.",
    timeout: "El servidor tardó demasiado en responder. Inténtalo de nuevo.",
    internal: "Algo falló en el servidor. Inténtalo de nuevo; si continúa, avisa a quien administra el catálogo.",
    SIGN_IN_FAILED: "El correo o la contraseña no son correctos.",
    throttled: (wait) => `Demasiados intentos. Inténtalo de nuevo en ${wait}.`,
    PASSWORD_INCORRECT: "La contraseña actual no es correcta.",
    ONE_TIME_TOKEN_INVALID: "Este enlace ya se usó o ha caducado.",
    SETUP_COMPLETE: "El catálogo ya tiene un administrador. Inicia sesión o pídele una invitación.",
    SESSION_ENDED: "Tu sesión ha terminado. Inicia sesión de nuevo.",
    EMAIL_TAKEN: "Otro administrador tiene este correo.",
    SKU_TAKEN: "Otro producto tiene este SKU.",
    PRODUCT_NOT_FOUND: "Este producto no existe o fue eliminado.",
    LAST_ADMIN: "El último administrador que puede iniciar sesión no se puede desactivar ni eliminar.",
    CONCURRENT_CHANGE: "Alguien cambió lo mismo en el mismo momento. Inténtalo de nuevo.",
  },
});

/** Returns a function that says what went wrong in a sentence for people, in their language where it has one. */
export function useDescribeError(): (error: unknown) => string {
  const m = useMessages(messages);
  const format = useFormat();
  return useCallback(
    (error) => {
      const reason = reasonOf(error);
      if (reason === "SIGN_IN_THROTTLED") {
        const seconds = Math.ceil((retryDelay(error) ?? 60_000) / 1000);
        const [value, unit] = seconds < 120 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
        return m.throttled(format.number(value, { style: "unit", unit, unitDisplay: "long" }));
      }
      if (reason !== undefined && hasText(m, reason)) return m[reason];
      const { code, rawMessage } = ConnectError.from(error);
      if (code === Code.Unavailable) return m.unavailable;
      if (code === Code.DeadlineExceeded) return m.timeout;
      if (code === Code.Internal || code === Code.Unknown) return m.internal;
      return sentence(rawMessage);
    },
    [m, format],
  );
}

function hasText<M extends object>(m: M, reason: Reason): reason is Reason & keyof M {
  return Object.hasOwn(m, reason);
}

/** Returns a text as the server writes it with a capital and a full stop. */
export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
