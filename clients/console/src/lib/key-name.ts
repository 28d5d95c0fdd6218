/** Translates what the server calls the holder of an API key, such as "erp (key of Ana)"; anything else stays as it is. */
export function inSpanish(actorName: string): string {
  return actorName.replace(/ \(key of ((?:(?! \(key of ).)*)\)$/s, " (clave de $1)");
}
