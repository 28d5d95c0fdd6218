import { useMessages } from "@/i18n";
import { messages } from "./messages";
import type { Problem } from "./model";

/** Returns a function that says what is wrong with a row, with its column. */
export function useProblemText(): (problem: Problem) => string {
  const m = useMessages(messages);
  return ({ column, reason }) => {
    if ("text" in reason) return column === "" ? reason.text : `${column}: ${reason.text}`;
    const [first = "", second = ""] = reason.values ?? [];
    const texts = {
      empty: m.empty,
      sku: m.badSku,
      twice: m.twice(first, second),
      amount: m.amount,
      currency: m.badCurrency,
      list: m.list,
      attributes: m.badAttributes,
      columns: m.wrongColumns(first, second),
      quotes: m.quotes,
      encoding: m.badEncoding,
      noVariant: m.noVariant,
    };
    return `${column === "" ? m.wholeRow : column}: ${texts[reason.code]}`;
  };
}
