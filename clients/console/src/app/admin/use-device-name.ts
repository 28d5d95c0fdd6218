import { useMessages } from "@/i18n";
import { describeUserAgent } from "@/lib/user-agent";
import { messages } from "./session-messages";

/** Returns a function that says what a User-Agent header stands for, such as "Firefox on Windows". */
export function useDeviceName(): (userAgent: string) => string {
  const m = useMessages(messages);
  return (userAgent) => {
    const { program, system } = describeUserAgent(userAgent);
    if (program === "") return m.unknown;
    return system === undefined ? program : m.on(program, system);
  };
}
