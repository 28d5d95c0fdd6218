import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: { title: "Your profile" },
  es: { title: "Tu perfil" },
});
