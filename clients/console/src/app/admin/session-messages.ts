import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: {
    none: "Not signed in anywhere",
    noneText: "Sessions appear here when they sign in.",
    current: "This one",
    unknown: "Unknown program",
    on: (program: string, system: string) => `${program} on ${system}`,
    started: (time: string) => `signed in ${time}`,
    lastUsed: (time: string) => `last used ${time}`,
    end: "Sign out",
    endThis: (device: string) => `Sign out ${device}`,
    ended: (device: string) => `${device} is signed out`,
  },
  es: {
    none: "Sin sesiones abiertas",
    noneText: "Las sesiones aparecen aquí al iniciar sesión.",
    current: "Esta",
    unknown: "Programa desconocido",
    on: (program, system) => `${program} en ${system}`,
    started: (time) => `abierta ${time}`,
    lastUsed: (time) => `usada ${time}`,
    end: "Cerrar",
    endThis: (device) => `Cerrar la sesión de ${device}`,
    ended: (device) => `Sesión cerrada: ${device}`,
  },
});
