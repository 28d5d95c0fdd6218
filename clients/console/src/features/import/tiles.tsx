import clsx from "clsx";
import { useFormat, useMessages } from "@/i18n";
import { Card } from "@/ui/card";
import { messages } from "./messages";
import { type Kind, kinds } from "./outcome";

const colours: Record<Kind, string> = {
  created: "text-success-ink",
  updated: "text-accent-ink",
  unchanged: "text-ink",
  failed: "text-danger-ink",
};

/** How many rows there are of each kind. */
export function Tiles({
  counts,
  unpublished,
}: {
  readonly counts: Readonly<Record<Kind, number>>;
  readonly unpublished: number;
}) {
  const m = useMessages(messages);
  const format = useFormat();
  const tiles = [
    ...kinds.map((kind) => ({ name: m[kind], count: counts[kind], colour: counts[kind] > 0 ? colours[kind] : "text-ink-soft" })),
    ...(unpublished > 0 ? [{ name: m.leftOut, count: unpublished, colour: "text-ink-soft" }] : []),
  ];
  return (
    <Card className="p-0!">
      <dl className="grid grid-cols-2 divide-line sm:auto-cols-fr sm:grid-flow-col sm:grid-cols-none sm:divide-x">
        {tiles.map(({ name, count, colour }) => (
          <div key={name} className="px-5 py-4">
            <dt className="text-sm text-ink-soft">{name}</dt>
            <dd className={clsx("text-2xl font-semibold tracking-tight tabular-nums", colour)}>{format.number(count)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
