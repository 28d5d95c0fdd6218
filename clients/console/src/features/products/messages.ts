import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: { title: "Products" },
  es: { title: "Productos" },
});
