import { type FieldReason, type FieldViolation, fieldViolations, type Reason, reasonOf, retryDelay } from "@zebrands/catalog";
import { defineMessages, type Format } from "@/i18n";
import { maxAttributeName, maxAttributeValue, maxItems, maxLengths, minPasswordLength } from "@/lib/limits";
import type { Language } from "@/lib/preferences";

const refusals = defineMessages({
  en: {
    stopped: "This was stopped before the server had answered.",
    strangers: "This page and the server do not understand each other. Reload the page.",
    notServed: "This part of the catalog is not served at this address. Tell whoever runs the server.",
    tooLarge: "This is more than the server takes at once.",
    changed: "Somebody changed the same at the same moment. Try again.",
    storageFull: "The disk of the catalog's database is full. Tell whoever runs the catalog; nothing was changed.",
    storageDamaged: "The catalog's database is damaged. Tell whoever runs the catalog.",
    changedSince: "Somebody changed this since you opened it. Read it again, then try again.",
    searchInvalid: "These filters cannot be searched for. Clear them and try again.",
    pageGone: "The list has changed. Load it again from its start.",
    signIn: "Sign in first.",
    sessionEnded: "Your session has ended. Sign in again.",
    proofNeeded: "Confirm that it is you, then try again.",
    adminsOnly: "Only administrators may do this.",
    crossSite: "Only the catalog's own pages may do this.",
    signInFailed: "E-mail address or password is not right.",
    factorRequired: "Sign in with your passkey or a recovery code, too.",
    factorFailed: "The passkey or the recovery code is not right, or it took too long. Try again.",
    passkeyInvalid: "This passkey could not be added. Try again, or use another one.",
    passkeyMissing: "There is no such passkey.",
    passkeyLimit: "These are all the passkeys that one person can have. Remove one first.",
    passkeysUnavailable: "Passkeys do not work at this address: they need https and a domain name.",
    throttled: (wait: string) => `Too many attempts. Try again in ${wait}.`,
    busy: (wait: string) => `The catalog has too much to do just now. Try again in ${wait}.`,
    passwordIncorrect: "The current password is not right.",
    linkUsed: "This link was used already, or it has expired.",
    invitationAccepted: "You have accepted this invitation already. Sign in.",
    setupComplete: "The catalog has an administrator already. Sign in, or ask them for an invitation.",
    emailTaken: "Another administrator has this e-mail address.",
    lastAdmin: "The last administrator who can sign in can be neither disabled nor deleted.",
    adminGone: "This administrator does not exist, or was deleted.",
    adminNotDeleted: "This administrator is not deleted.",
    adminNotInvited: "This administrator has accepted the invitation already.",
    sessionGone: "This session is over already.",
    keyGone: "There is no such API key.",
    keyLimit: "You have too many API keys. Revoke one that is no longer used.",
    skuTaken: "Another product has this SKU.",
    productGone: "This product does not exist, or it was deleted.",
    productNotDeleted: "This product is not deleted.",
    productDeleted: "This product is deleted. Restore it first.",
    changeGone: "There is no such change.",
    revertStale: "These fields were changed again since. Revert the later changes first.",
    deliveryGone: "There is no such mail.",
    deliveryNotRetryable: "This mail went out already, or its recipient is no longer active.",
    noMailbox: "Mails go out for real, so there is no local mailbox to look into.",
    mailGone: "This mail is not in the mailbox, or it is for somebody else.",
    fieldInvalid: (field: string, wrong: string) => (field === "" ? `The request ${wrong}.` : `${field}: ${wrong}.`),
  },
  es: {
    stopped: "Se detuvo antes de que el servidor respondiera.",
    strangers: "Esta página y el servidor no se entienden. Recarga la página.",
    notServed: "Esta parte del catálogo no se atiende en esta dirección. Avisa a quien administra el servidor.",
    tooLarge: "Es más de lo que el servidor acepta de una vez.",
    changed: "Alguien cambió lo mismo en el mismo momento. Inténtalo de nuevo.",
    storageFull: "El disco de la base de datos del catálogo está lleno. Avisa a quien lo administra; nada cambió.",
    storageDamaged: "La base de datos del catálogo está dañada. Avisa a quien la administra.",
    changedSince: "Alguien lo cambió desde que lo abriste. Vuelve a leerlo e inténtalo de nuevo.",
    searchInvalid: "No se puede buscar con estos filtros. Quítalos e inténtalo de nuevo.",
    pageGone: "La lista ha cambiado. Cárgala otra vez desde el principio.",
    signIn: "Primero inicia sesión.",
    sessionEnded: "Tu sesión ha terminado. Inicia sesión de nuevo.",
    proofNeeded: "Confirma que eres tú e inténtalo de nuevo.",
    adminsOnly: "Solo los administradores pueden hacer esto.",
    crossSite: "Solo las páginas del propio catálogo pueden hacer esto.",
    signInFailed: "El correo o la contraseña no son correctos.",
    factorRequired: "Inicia sesión también con tu llave de acceso o un código de recuperación.",
    factorFailed: "La llave de acceso o el código de recuperación no son correctos, o pasó demasiado tiempo. Inténtalo de nuevo.",
    passkeyInvalid: "No se pudo agregar esta llave de acceso. Inténtalo de nuevo o usa otra.",
    passkeyMissing: "No existe esa llave de acceso.",
    passkeyLimit: "Una persona no puede tener más llaves de acceso. Quita una primero.",
    passkeysUnavailable: "Las llaves de acceso no funcionan en esta dirección: necesitan https y un nombre de dominio.",
    throttled: (wait) => `Demasiados intentos. Inténtalo de nuevo en ${wait}.`,
    busy: (wait) => `El catálogo tiene demasiado que hacer en este momento. Inténtalo de nuevo en ${wait}.`,
    passwordIncorrect: "La contraseña actual no es correcta.",
    linkUsed: "Este enlace ya se usó o ha caducado.",
    invitationAccepted: "Ya aceptaste esta invitación. Inicia sesión.",
    setupComplete: "El catálogo ya tiene un administrador. Inicia sesión o pídele una invitación.",
    emailTaken: "Otro administrador tiene este correo.",
    lastAdmin: "El último administrador que puede iniciar sesión no se puede desactivar ni eliminar.",
    adminGone: "Este administrador no existe o fue eliminado.",
    adminNotDeleted: "Este administrador no está eliminado.",
    adminNotInvited: "Este administrador ya aceptó la invitación.",
    sessionGone: "Esta sesión ya terminó.",
    keyGone: "No existe esa clave de API.",
    keyLimit: "Tienes demasiadas claves de API. Revoca una que ya no se use.",
    skuTaken: "Otro producto tiene este SKU.",
    productGone: "Este producto no existe o fue eliminado.",
    productNotDeleted: "Este producto no está eliminado.",
    productDeleted: "Este producto está eliminado. Restáuralo primero.",
    changeGone: "No existe ese cambio.",
    revertStale: "Estos campos se cambiaron otra vez desde entonces. Revierte primero los cambios posteriores.",
    deliveryGone: "No existe ese correo.",
    deliveryNotRetryable: "Este correo ya salió, o quien debía recibirlo ya no está activo.",
    noMailbox: "Los correos salen de verdad, así que no hay un buzón local que mirar.",
    mailGone: "Este correo no está en el buzón, o es para otra persona.",
    fieldInvalid: (field, wrong) => (field === "" ? `La petición ${wrong}.` : `${field}: ${wrong}.`),
  },
});

/** What is said for each reason; "code" leaves it to the error's code. */
const refusalOf: Readonly<Record<Reason, keyof typeof refusals.en | "code">> = {
  ACCESS_UNDEFINED: "strangers",
  ADMIN_NOT_DELETED: "adminNotDeleted",
  ADMIN_NOT_FOUND: "adminGone",
  ADMIN_NOT_INVITED: "adminNotInvited",
  ADMIN_REQUIRED: "adminsOnly",
  API_KEY_FORBIDDEN: "adminsOnly",
  API_KEY_INVALID: "signIn",
  API_KEY_LIMIT: "keyLimit",
  API_KEY_NOT_FOUND: "keyGone",
  CHANGED_SINCE: "revertStale",
  CHANGE_NOT_FOUND: "changeGone",
  CONCURRENT_CHANGE: "changed",
  CONTENT_TYPE_INVALID: "strangers",
  CROSS_SITE_REFUSED: "crossSite",
  CURRENCY_INVALID: "fieldInvalid",
  CURSOR_INVALID: "pageGone",
  DATABASE_UNAVAILABLE: "code",
  DEADLINE_EXCEEDED: "code",
  DELIVERY_NOT_FOUND: "deliveryGone",
  DELIVERY_NOT_RETRYABLE: "deliveryNotRetryable",
  EMAIL_TAKEN: "emailTaken",
  ETAG_MISMATCH: "changedSince",
  FIELD_INVALID: "fieldInvalid",
  FILTER_INVALID: "searchInvalid",
  IF_MATCH_UNSUPPORTED: "strangers",
  INTERNAL: "code",
  INVITATION_ACCEPTED: "invitationAccepted",
  LAST_ADMIN: "lastAdmin",
  MAILBOX_MESSAGE_NOT_FOUND: "mailGone",
  MAILBOX_NOT_IN_USE: "noMailbox",
  METHOD_NOT_FOUND: "strangers",
  MONEY_INVALID: "fieldInvalid",
  ONE_TIME_TOKEN_INVALID: "linkUsed",
  ORDER_BY_INVALID: "searchInvalid",
  PAGE_TOKEN_INVALID: "pageGone",
  PASSKEYS_UNAVAILABLE: "passkeysUnavailable",
  PASSKEY_INVALID: "passkeyInvalid",
  PASSKEY_LIMIT: "passkeyLimit",
  PASSKEY_NOT_FOUND: "passkeyMissing",
  PASSWORD_INCORRECT: "passwordIncorrect",
  PRODUCT_DELETED: "productDeleted",
  PRODUCT_NOT_DELETED: "productNotDeleted",
  PRODUCT_NOT_FOUND: "productGone",
  PROTOCOL_INVALID: "strangers",
  RATE_LIMITED: "busy",
  REAUTHENTICATION_REQUIRED: "proofNeeded",
  REFRESH_TOKEN_INVALID: "sessionEnded",
  REFRESH_TOKEN_REUSED: "sessionEnded",
  REQUEST_CANCELED: "stopped",
  REQUEST_ID_REUSED: "strangers",
  REQUEST_MALFORMED: "strangers",
  REQUEST_TOO_LARGE: "tooLarge",
  RESPONSE_TOO_LARGE: "tooLarge",
  SECOND_FACTOR_FAILED: "factorFailed",
  SECOND_FACTOR_REQUIRED: "factorRequired",
  SERVER_OVERLOADED: "busy",
  SERVICE_NOT_SERVED: "notServed",
  SESSION_ENDED: "sessionEnded",
  SESSION_NOT_FOUND: "sessionGone",
  SETUP_COMPLETE: "setupComplete",
  SHUTTING_DOWN: "code",
  SIGN_IN_FAILED: "signInFailed",
  SIGN_IN_THROTTLED: "throttled",
  SKU_TAKEN: "skuTaken",
  STORAGE_DAMAGED: "storageDamaged",
  STORAGE_FULL: "storageFull",
  TOKEN_EXPIRED: "sessionEnded",
  TOKEN_INVALID: "sessionEnded",
  TOKEN_REQUIRED: "signIn",
  TOO_MANY_STREAMS: "throttled",
  UPDATE_MASK_INVALID: "strangers",
  WEBHOOK_SIGNATURE_INVALID: "strangers",
};

/** What is wrong with a field, without its name. The number is its limit, where that is known. */
const violations = defineMessages({
  en: {
    REQUIRED: "must not be empty",
    TOO_SHORT: (min: string) => `must have at least ${min} characters`,
    TOO_LONG: (max: string) => (max === "" ? "is too long" : `must have at most ${max} characters`),
    TOO_MANY: (max: string) => (max === "" ? "has too many entries" : `must have at most ${max} entries`),
    OUT_OF_RANGE: "is out of range",
    NOT_UNIQUE: "is there twice",
    UNKNOWN_VALUE: "is none of the choices",
    CONTROL_CHARACTERS: "must not hold line breaks or other characters that show nothing",
    NOT_A_UUID: "is not a valid id",
    NOT_A_WEB_ADDRESS: "must be an address that starts with https:// or http://",
    NOT_AN_EMAIL_ADDRESS: "must be an e-mail address such as ana@example.com",
    NOT_A_DECIMAL: "must be a plain number such as 129.90",
    NEGATIVE: "must not be negative",
    TOO_MANY_DECIMALS: "has more decimals than its currency",
    TOO_LARGE: "is too large",
    UNKNOWN_CURRENCY: "is not a currency code such as MXN",
    ONE_CHARACTER: "must not repeat one character",
    SAME_AS_EMAIL: "must not be the e-mail address",
    COMMON_PASSWORD: "is too easy to guess: it is used by many, repeats itself, or is little more than names and rows of keys",
    attribute: (name: string, value: string) => `must have a name of at most ${name} and a value of at most ${value} characters`,
  },
  es: {
    REQUIRED: "no puede estar vacío",
    TOO_SHORT: (min) => `debe tener al menos ${min} caracteres`,
    TOO_LONG: (max) => (max === "" ? "es demasiado largo" : `debe tener como máximo ${max} caracteres`),
    TOO_MANY: (max) => (max === "" ? "tiene demasiados elementos" : `debe tener como máximo ${max} elementos`),
    OUT_OF_RANGE: "está fuera de los límites",
    NOT_UNIQUE: "está repetido",
    UNKNOWN_VALUE: "no es una de las opciones",
    CONTROL_CHARACTERS: "no puede tener saltos de línea ni otros caracteres que no se ven",
    NOT_A_UUID: "no es un identificador válido",
    NOT_A_WEB_ADDRESS: "debe ser una dirección que empiece por https:// o http://",
    NOT_AN_EMAIL_ADDRESS: "debe ser una dirección de correo como ana@ejemplo.com",
    NOT_A_DECIMAL: "debe ser un número simple como 129.90",
    NEGATIVE: "no puede ser negativo",
    TOO_MANY_DECIMALS: "tiene más decimales que su moneda",
    TOO_LARGE: "es demasiado grande",
    UNKNOWN_CURRENCY: "no es un código de moneda como MXN",
    ONE_CHARACTER: "no puede repetir un solo carácter",
    SAME_AS_EMAIL: "no puede ser el correo",
    COMMON_PASSWORD: "es demasiado fácil de adivinar: muchos la usan, se repite, o casi solo tiene nombres y filas de teclas",
    attribute: (name, value) => `debe tener un nombre de ${name} caracteres como máximo y un valor de ${value}`,
  },
});

/** Says why a server refused a call, in a sentence; undefined if there are no words for the reason. */
export function describeRefusal(error: unknown, language: Language, format: Format): string | undefined {
  const reason = reasonOf(error);
  const name = reason === undefined ? undefined : refusalOf[reason];
  if (name === undefined || name === "code") return undefined;
  const m = refusals[language];
  switch (name) {
    case "throttled":
      return m.throttled(waitText(retryDelay(error) ?? 60_000, format));
    case "busy":
      return m.busy(waitText(retryDelay(error) ?? 1_000, format));
    case "fieldInvalid": {
      const [first] = fieldViolations(error);
      return first && m.fieldInvalid(first.field, describeViolation(first, language, format) ?? first.description);
    }
    default:
      return m[name];
  }
}

function waitText(ms: number, format: Format): string {
  const seconds = Math.ceil(ms / 1000);
  const [value, unit] = seconds < 120 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return format.number(value, { style: "unit", unit, unitDisplay: "long" });
}

/** Says what is wrong with a field, without its name and a full stop; undefined if there are no words for the reason. */
export function describeViolation({ field, reason }: FieldViolation, language: Language, format: Format): string | undefined {
  const m = violations[language];
  const limit = (max: number | undefined) => (max === undefined ? "" : format.number(max));
  const path = plainPath(field);
  switch (reason) {
    case "TOO_SHORT":
      return m.TOO_SHORT(format.number(minPasswordLength));
    case "TOO_LONG":
      return path === "product.attributes[]"
        ? m.attribute(format.number(maxAttributeName), format.number(maxAttributeValue))
        : m.TOO_LONG(limit(lookUp(maxLengths, path)));
    case "TOO_MANY":
      return m.TOO_MANY(limit(lookUp(maxItems, path)));
    default:
      return isWord(reason) ? m[reason] : undefined;
  }
}

type Word = Exclude<keyof typeof violations.en, "TOO_SHORT" | "TOO_LONG" | "TOO_MANY" | "attribute">;

function isWord(reason: FieldReason): reason is Word {
  return Object.hasOwn(violations.en, reason);
}

function lookUp(limits: Readonly<Record<string, number>>, path: string): number | undefined {
  return limits[path] ?? limits[path.replace(/^(current|new)_/, "")] ?? limits[`admin.${path}`];
}

/** Returns `product.tags[]` for `requests[3].product.tags[7]`: the limits of requests are by such paths. */
function plainPath(field: string): string {
  return field.replace(/^requests\[\d+\]\./, "").replace(/\[.*\]$/, "[]");
}
