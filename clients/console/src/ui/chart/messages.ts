import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: {
    keys: "Arrow keys move from point to point.",
    table: "Show as a table",
    hideTable: "Hide the table",
    time: "Time",
    hint: "Point at the chart, or use the arrow keys.",
  },
  es: {
    keys: "Las flechas pasan de un punto a otro.",
    table: "Mostrar como tabla",
    hideTable: "Ocultar la tabla",
    time: "Momento",
    hint: "Apunta al gráfico o usa las flechas.",
  },
});
