import { type Instant, toDate, useFormat } from "@/i18n";

/** A point in time, such as "3 minutes ago", with the exact one in its title. */
export function Time({ value, exact = false }: { readonly value: Instant | undefined; readonly exact?: boolean }) {
  const format = useFormat();
  if (value === undefined) return <span aria-hidden>–</span>;
  return (
    <time dateTime={toDate(value).toISOString()} title={format.dateTime(value)} className="whitespace-nowrap">
      {exact ? format.dateTime(value) : format.relative(value)}
    </time>
  );
}
