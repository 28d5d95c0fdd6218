import type { ProductChange } from "@zebrands/catalog";
import { inSpanish } from "./key-name";
import { usePreferences } from "./preferences";

type Actor = Pick<ProductChange, "actorName" | "apiKeyId">;

/** Returns a function that says who made a change: a person, or a program with somebody's key, as in "erp (clave de Ana)". */
export function useActorName(): (actor: Actor) => string {
  const { language } = usePreferences();
  return ({ actorName, apiKeyId }) => (apiKeyId === "" || language === "en" ? actorName : inSpanish(actorName));
}
