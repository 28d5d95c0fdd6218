import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: { title: "Import" },
  es: { title: "Importar" },
});
