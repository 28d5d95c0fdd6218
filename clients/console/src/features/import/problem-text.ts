import { useMessages } from "@/i18n";
import { useDescribeError, useDescribeViolation } from "@/lib/errors";
import { messages } from "./messages";
import type { Problem } from "./model";

/** Returns a function that says what is wrong with a row, with its column. */
export function useProblemText(): (problem: Problem) => string {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const describeViolation = useDescribeViolation();
  return ({ column, reason }) => {
    const where = column === "" ? m.wholeRow : column;
    if ("error" in reason) return describe(reason.error);
    if ("violation" in reason) return `${where}: ${describeViolation(reason.violation)}`;
    const [first = "", second = ""] = reason.values ?? [];
    const texts = {
      empty: m.empty,
      sku: m.badSku,
      twice: m.twice(first, second),
      amount: m.amount,
      currency: m.badCurrency,
      list: m.list,
      integer: m.integer,
      attributes: m.badAttributes,
      columns: m.wrongColumns(first, second),
      quotes: m.quotes,
      encoding: m.badEncoding,
      noVariant: m.noVariant,
    };
    return `${where}: ${texts[reason.code]}`;
  };
}
