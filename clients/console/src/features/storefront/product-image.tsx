import clsx from "clsx";
import { useState } from "react";

interface ProductImageProps {
  /** Pictures to try, in this order. */
  readonly urls: readonly string[];
  readonly brand: string;
  readonly alt: string;
  /** Loads at once instead of when it comes near. */
  readonly eager?: boolean;
  readonly className?: string;
}

/** A product's picture; until it is there, or if none loads, the brand's initial in the brand's own tint. */
export function ProductImage({ urls, brand, alt, eager = false, className }: ProductImageProps) {
  const [failed, setFailed] = useState<readonly string[]>([]);
  const [loaded, setLoaded] = useState<string>();
  const url = urls.find((candidate) => !failed.includes(candidate));
  return (
    <div className={clsx("relative grid place-items-center overflow-hidden bg-sunken", className)}>
      <Monogram brand={brand} />
      {url !== undefined && (
        <img
          src={url}
          alt={alt}
          loading={eager ? "eager" : "lazy"}
          decoding="async"
          referrerPolicy="no-referrer"
          onLoad={() => setLoaded(url)}
          onError={() => setFailed([...failed, url])}
          className={clsx(
            "absolute inset-0 size-full bg-surface object-contain transition-opacity duration-300",
            loaded === url ? "opacity-100" : "opacity-0",
          )}
        />
      )}
    </div>
  );
}

function Monogram({ brand }: { readonly brand: string }) {
  const tint = `oklch(0.66 0.1 ${hueOf(brand)})`;
  return (
    <div
      aria-hidden
      className="grid size-full place-items-center"
      style={{ backgroundColor: `color-mix(in oklab, ${tint} 13%, var(--surface))` }}
    >
      <span
        className="text-[clamp(2.25rem,30cqi,7rem)] font-semibold tracking-tight uppercase select-none"
        style={{ color: `color-mix(in oklab, ${tint} 62%, var(--surface))` }}
      >
        {[...brand.trim()][0] ?? "·"}
      </span>
    </div>
  );
}

/** Returns the same angle for the same name, always. */
function hueOf(name: string): number {
  let hash = 0;
  for (const char of name.toLowerCase()) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 997;
  return (hash * 137.5) % 360; // steps of the golden angle lie far apart
}
