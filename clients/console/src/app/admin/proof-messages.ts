import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: {
    title: "Confirm that it is you",
    text: "This concerns who can sign in. We ask once, then not again for five minutes.",
    password: "Your password",
    passkey: "Use a passkey",
    confirm: "Confirm",
  },
  es: {
    title: "Confirma que eres tú",
    text: "Esto afecta a quién puede iniciar sesión. Lo pedimos una vez y no de nuevo durante cinco minutos.",
    password: "Tu contraseña",
    passkey: "Usar una llave de acceso",
    confirm: "Confirmar",
  },
});
