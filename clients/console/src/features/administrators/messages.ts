import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: { title: "Administrators" },
  es: { title: "Administradores" },
});
