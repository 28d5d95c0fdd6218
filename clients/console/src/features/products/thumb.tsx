import clsx from "clsx";
import { useState } from "react";

/** A small picture of a product beside its name; without one, or if it does not load, the brand's initial. */
export function Thumb({
  urls,
  brand,
  className,
}: {
  readonly urls: readonly string[];
  readonly brand: string;
  readonly className?: string;
}) {
  const [failed, setFailed] = useState<string>();
  const url = urls[0];
  return (
    <span
      aria-hidden
      className={clsx(
        "grid shrink-0 place-items-center overflow-hidden rounded-lg border border-line bg-sunken text-sm font-semibold text-ink-soft uppercase",
        className,
      )}
    >
      {url !== undefined && url !== failed ? (
        <img
          src={url}
          alt=""
          loading="lazy"
          decoding="async"
          referrerPolicy="no-referrer"
          onError={() => setFailed(url)}
          className="size-full object-cover"
        />
      ) : (
        ([...brand.trim()][0] ?? "·")
      )}
    </span>
  );
}
