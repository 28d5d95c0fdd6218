import type { SecurityEvent } from "@zebrands/catalog";
import { SecurityEvent_Type as Type } from "@zebrands/catalog";
import { defineMessages, useMessages } from "@/i18n";
import type { EventName } from "./kinds";
import { operator } from "./search";

/** Who did what to whom, in words. */
interface Parts {
  /** Who did it: a name, "The operator", or "Somebody". */
  readonly who: string;
  /** Whom it concerns; who did it, if nobody else. */
  readonly whom: string;
  /** Whether they are the same. */
  readonly own: boolean;
  /** Whether it concerns an account that exists. */
  readonly known: boolean;
  /** The name of the key or passkey, or the new address; may be empty. */
  readonly what: string;
  /** What else the server tells. */
  readonly details: Readonly<Record<string, string>>;
}

const sentences = defineMessages({
  en: {
    sign_in: ({ whom }: Parts) => `${whom} signed in`,
    sign_in_failed: ({ known, whom }: Parts) =>
      known ? `A sign-in as ${whom} failed` : "A sign-in failed: there is no such account",
    sign_in_throttled: ({ known, whom }: Parts) =>
      known ? `A sign-in as ${whom} was refused after too many failures` : "A sign-in was refused after too many failures",
    second_factor_failed: ({ whom }: Parts) => `A sign-in as ${whom} had the right password and a wrong second factor`,
    recovery_code_used: ({ whom }: Parts) => `${whom} signed in with a recovery code`,
    reauthenticated: ({ whom }: Parts) => `${whom} confirmed their identity`,
    reauthentication_failed: ({ whom }: Parts) => `Somebody in a session of ${whom} gave a wrong password or passkey`,
    sign_out: ({ whom }: Parts) => `${whom} signed out`,
    session_revoked: ({ own, who, whom }: Parts) =>
      own ? `${whom} ended one of their sessions` : `${who} ended a session of ${whom}`,
    refresh_token_reused: ({ whom }: Parts) => `An old refresh token was used again, so a session of ${whom} ended`,
    password_reset_requested: ({ known, whom }: Parts) =>
      known ? `A link to reset the password of ${whom} was asked for` : "A link to reset a password was asked for",
    password_reset: ({ whom }: Parts) => `${whom} reset their password with a link`,
    password_changed: ({ own, who, whom }: Parts) =>
      own ? `${whom} changed their password` : `${who} changed the password of ${whom}`,
    passkey_created: ({ whom, what }: Parts) => `${whom} added the passkey${name(what)}`,
    passkey_deleted: ({ own, who, whom, what }: Parts) =>
      own ? `${whom} removed their passkey${name(what)}` : `${who} removed the passkey${name(what)} of ${whom}`,
    recovery_codes_created: ({ whom }: Parts) => `${whom} created new recovery codes`,
    security_policy_updated: ({ who, details }: Parts) =>
      details["require_second_factor"] === "true"
        ? `${who} required a second factor of every administrator`
        : `${who} made the second factor optional`,
    invited: ({ who, whom }: Parts) => `${who} invited ${whom}`,
    invitation_accepted: ({ whom }: Parts) => `${whom} accepted the invitation`,
    admin_created: ({ who, whom }: Parts) => `${who} created the account of ${whom}`,
    admin_updated: ({ own, who, whom, details: { old_name: before = "" } }: Parts) =>
      own
        ? `${whom} changed their name${before && `, which was ${before}`}`
        : `${who} changed the name of ${before ? `${before} to ${whom}` : whom}`,
    email_change_requested: ({ own, who, whom, what }: Parts) =>
      `${who} asked to change ${own ? "their" : "the"} e-mail address${own ? "" : ` of ${whom}`}${what && ` to ${what}`}`,
    email_changed: ({ whom, what }: Parts) =>
      what === "" ? `${whom} has a new e-mail address` : `${what} is the e-mail address of ${whom} now`,
    admin_disabled: ({ own, who, whom }: Parts) => (own ? `${whom} disabled themselves` : `${who} disabled ${whom}`),
    admin_enabled: ({ who, whom }: Parts) => `${who} enabled ${whom}`,
    admin_deleted: ({ own, who, whom }: Parts) => (own ? `${whom} deleted themselves` : `${who} deleted ${whom}`),
    admin_undeleted: ({ who, whom }: Parts) => `${who} restored ${whom}`,
    admin_erased: ({ who, whom }: Parts) => `${who} replaced the name and addresses of an administrator by ${whom}`,
    api_key_created: ({ who, what }: Parts) => `${who} created the API key${name(what)}`,
    api_key_revoked: ({ own, who, whom, what }: Parts) =>
      `${who} revoked ${own ? "their" : "the"} API key${name(what)}${own ? "" : ` of ${whom}`}`,
    somebody: "Somebody",
    theOperator: "The operator",
    unknown: "Something happened that this page does not know yet",
  },
  es: {
    sign_in: ({ whom }) => `${whom} inició sesión`,
    sign_in_failed: ({ known, whom }) =>
      known ? `Falló un inicio de sesión como ${whom}` : "Falló un inicio de sesión: no existe esa cuenta",
    sign_in_throttled: ({ known, whom }) =>
      known
        ? `Se rechazó un inicio de sesión como ${whom} tras demasiados fallos`
        : "Se rechazó un inicio de sesión tras demasiados fallos",
    second_factor_failed: ({ whom }) =>
      `Un inicio de sesión como ${whom} tenía la contraseña correcta y un segundo factor incorrecto`,
    recovery_code_used: ({ whom }) => `${whom} inició sesión con un código de recuperación`,
    reauthenticated: ({ whom }) => `${whom} confirmó su identidad`,
    reauthentication_failed: ({ whom }) => `Alguien dio una contraseña o llave de acceso incorrecta en una sesión de ${whom}`,
    sign_out: ({ whom }) => `${whom} cerró sesión`,
    session_revoked: ({ own, who, whom }) => (own ? `${whom} cerró una de sus sesiones` : `${who} cerró una sesión de ${whom}`),
    refresh_token_reused: ({ whom }) => `Se usó otra vez un token de renovación antiguo, así que terminó una sesión de ${whom}`,
    password_reset_requested: ({ known, whom }) =>
      known
        ? `Se pidió un enlace para restablecer la contraseña de ${whom}`
        : "Se pidió un enlace para restablecer una contraseña",
    password_reset: ({ whom }) => `${whom} restableció su contraseña con un enlace`,
    password_changed: ({ own, who, whom }) => (own ? `${whom} cambió su contraseña` : `${who} cambió la contraseña de ${whom}`),
    passkey_created: ({ whom, what }) => `${whom} añadió la llave de acceso${nombre(what)}`,
    passkey_deleted: ({ own, who, whom, what }) =>
      own ? `${whom} quitó su llave de acceso${nombre(what)}` : `${who} quitó la llave de acceso${nombre(what)} de ${whom}`,
    recovery_codes_created: ({ whom }) => `${whom} creó nuevos códigos de recuperación`,
    security_policy_updated: ({ who, details }) =>
      details["require_second_factor"] === "true"
        ? `${who} exigió un segundo factor a todos los administradores`
        : `${who} hizo opcional el segundo factor`,
    invited: ({ who, whom }) => `${who} invitó a ${whom}`,
    invitation_accepted: ({ whom }) => `${whom} aceptó la invitación`,
    admin_created: ({ who, whom }) => `${who} creó la cuenta de ${whom}`,
    admin_updated: ({ own, who, whom, details: { old_name: before = "" } }) =>
      own
        ? `${whom} cambió su nombre${before && `, que era ${before}`}`
        : `${who} cambió el nombre de ${before ? `${before} a ${whom}` : whom}`,
    email_change_requested: ({ own, who, whom, what }) =>
      `${who} pidió cambiar ${own ? "su correo" : `el correo de ${whom}`}${what && ` a ${what}`}`,
    email_changed: ({ whom, what }) => (what === "" ? `${whom} tiene un correo nuevo` : `${what} es ahora el correo de ${whom}`),
    admin_disabled: ({ own, who, whom }) => (own ? `${whom} desactivó su propia cuenta` : `${who} desactivó a ${whom}`),
    admin_enabled: ({ who, whom }) => `${who} activó a ${whom}`,
    admin_deleted: ({ own, who, whom }) => (own ? `${whom} eliminó su propia cuenta` : `${who} eliminó a ${whom}`),
    admin_undeleted: ({ who, whom }) => `${who} restauró a ${whom}`,
    admin_erased: ({ who, whom }) => `${who} sustituyó por ${whom} el nombre y los correos de un administrador`,
    api_key_created: ({ who, what }) => `${who} creó la clave de API${nombre(what)}`,
    api_key_revoked: ({ own, who, whom, what }) =>
      `${who} revocó ${own ? "su" : "la"} clave de API${nombre(what)}${own ? "" : ` de ${whom}`}`,
    somebody: "Alguien",
    theOperator: "El operador",
    unknown: "Ocurrió algo que esta página aún no conoce",
  },
});

function name(what: string): string {
  return what === "" ? "" : ` “${what}”`;
}

function nombre(what: string): string {
  return what === "" ? "" : ` «${what}»`;
}

/** Returns what the page calls an event's kind; undefined if the server is newer than the page. */
export function nameOf({ type }: SecurityEvent): EventName | undefined {
  const known: string | undefined = Type[type];
  return known === undefined || type === Type.UNSPECIFIED ? undefined : (known.toLowerCase() as EventName);
}

/** Returns a function that tells an event in a sentence, without its full stop. */
export function useSentence(): (event: SecurityEvent) => string {
  const m = useMessages(sentences);
  return (event) => {
    const kind = nameOf(event);
    return kind === undefined ? m.unknown : m[kind](partsOf(event, m));
  };
}

function partsOf(event: SecurityEvent, m: { readonly somebody: string; readonly theOperator: string }): Parts {
  const { actorId, actorName, adminId, adminName, details } = event;
  const byOperator = actorId === "" && actorName === operator;
  const doer = byOperator ? m.theOperator : actorName;
  return {
    who: doer || adminName || m.somebody,
    whom: adminName || doer || m.somebody,
    own: !byOperator && (actorId === adminId || actorId === "" || adminId === ""),
    known: adminId !== "",
    details,
    what: details["key_name"] ?? details["passkey_name"] ?? details["new_email"] ?? "",
  };
}
