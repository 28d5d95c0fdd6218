/** How much of something is done; without a total, that it goes on. */
export function Progress({
  label,
  done,
  total,
}: {
  readonly label: string;
  readonly done: number;
  readonly total: number | undefined;
}) {
  const ratio = total === undefined ? undefined : total === 0 ? 1 : Math.min(1, done / total);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(ratio !== undefined && { "aria-valuenow": Math.floor(ratio * 100) })}
      className="h-2 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className={
          ratio === undefined
            ? "h-full w-1/3 animate-pulse rounded-full bg-accent"
            : "h-full rounded-full bg-accent transition-[width] duration-200"
        }
        {...(ratio !== undefined && { style: { width: `${ratio * 100}%` } })}
      />
    </div>
  );
}
