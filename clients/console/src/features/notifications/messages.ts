import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: { title: "Notifications" },
  es: { title: "Notificaciones" },
});
