import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: {
    waiting: (email: string) => `Waiting for confirmation of ${email}`,
    explained: (next: string, email: string) =>
      `${next} waits for its confirmation, with a link that was mailed there. Until then ${email} stays the address: for signing in, and for mails.`,
    cancel: "Cancel the new address",
    canceled: (email: string) => `${email} stays the address`,
    asked: (next: string, email: string) => `A link is on its way to ${next}. Until it is confirmed, ${email} stays.`,
  },
  es: {
    waiting: (email) => `A la espera de que se confirme ${email}`,
    explained: (next, email) =>
      `${next} espera su confirmación, con un enlace que se envió ahí. Hasta entonces el correo sigue siendo ${email}: para iniciar sesión y para los avisos.`,
    cancel: "Cancelar el correo nuevo",
    canceled: (email) => `El correo sigue siendo ${email}`,
    asked: (next, email) => `Se envió un enlace a ${next}. Hasta que se confirme, sigue ${email}.`,
  },
});
