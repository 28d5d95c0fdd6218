import { ArrowRight } from "lucide-react";
import { useMemo } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useMedia } from "@/lib/use-media";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import type { Result } from "./bring-in";
import { EntryList } from "./entry-list";
import { messages } from "./messages";
import type { Mapping, ParsedFile } from "./model";
import { countKinds, entriesOf } from "./outcome";
import { Tiles } from "./tiles";

interface PreviewProps {
  readonly file: ParsedFile;
  readonly plan: Result;
  readonly onStart: () => void;
  readonly onRestart: () => void;
}

/** What an import of a file would do. */
export function Preview({ file, plan, onStart, onRestart }: PreviewProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const entries = useMemo(() => entriesOf(file, plan), [file, plan]);
  const counts = useMemo(() => countKinds(entries), [entries]);
  const todo = counts.created + counts.updated;
  return (
    <div className="flex flex-col gap-5">
      <Tiles counts={counts} unpublished={file.unpublished} />
      {todo === 0 ? (
        <Alert tone={counts.failed > 0 ? "warning" : "success"}>{counts.unchanged > 0 ? m.nothingToDo : m.nothingGood}</Alert>
      ) : (
        counts.failed > 0 && <Alert tone="warning">{m.someBad(format.number(counts.failed), counts.failed === 1)}</Alert>
      )}
      <Columns mappings={file.mappings} />
      <EntryList entries={entries} counts={counts} done={false} />
      <div className="sticky bottom-16 z-10 -mx-1 flex flex-wrap justify-end gap-2 rounded-xl bg-canvas/90 p-2 backdrop-blur md:bottom-0">
        <Button onClick={onRestart}>{m.anotherFile}</Button>
        {todo > 0 && (
          <Button variant="primary" onClick={onStart}>
            {m.start(format.number(todo), todo === 1)}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Which column became what; what is left out comes last and small. */
function Columns({ mappings }: { readonly mappings: readonly Mapping[] }) {
  const m = useMessages(messages);
  const wide = useMedia("(min-width: 48rem)");
  const used = mappings.filter(({ to }) => to !== "ignored");
  const ignored = mappings.filter(({ to, column }) => to === "ignored" && column !== "").map(({ column }) => column);
  const name = (to: Exclude<Mapping["to"], "ignored">) =>
    to === "currency" ? m.priceCurrency : to === "attribute" ? m.attribute : m[to];
  return (
    <details className="rounded-xl border border-line bg-surface px-5 py-3 text-sm shadow-card" open={wide && used.length <= 12}>
      <summary className="w-fit cursor-pointer rounded font-medium">{m.columns}</summary>
      <ul className="mt-3 flex flex-wrap gap-2 pb-1">
        {used.map(({ column, to }) => (
          <li key={column} className="inline-flex items-center gap-1.5 rounded-lg bg-sunken px-2.5 py-1">
            <span className="font-mono text-xs">{column}</span>
            <ArrowRight className="size-3.5 text-ink-soft" aria-hidden />
            <span className={to === "attribute" ? "text-ink-soft" : "font-medium"}>{to !== "ignored" && name(to)}</span>
          </li>
        ))}
      </ul>
      {ignored.length > 0 && (
        <p className="mt-2 text-xs text-ink-soft wrap-anywhere">
          {m.ignored}: {ignored.join(", ")}
        </p>
      )}
    </details>
  );
}
