import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: { title: "Reports" },
  es: { title: "Informes" },
});
