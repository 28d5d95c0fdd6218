import { Link } from "@tanstack/react-router";
import { CircleCheck, CirclePause, Download, Unplug } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useFormat, useMessages } from "@/i18n";
import { csvLine } from "@/lib/csv";
import { download } from "@/lib/download";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import type { Result } from "./bring-in";
import { EntryList } from "./entry-list";
import { messages } from "./messages";
import type { ParsedFile } from "./model";
import { countKinds, type Entry, entriesOf } from "./outcome";
import { useProblemText } from "./problem-text";
import { Tiles } from "./tiles";

interface SummaryProps {
  readonly file: ParsedFile;
  readonly result: Result;
  /** The file's. */
  readonly name: string;
  /** Does what is left to do. */
  readonly onGoOn: () => void;
  readonly onRestart: () => void;
}

/** What an import did, and what is left to mend. */
export function Summary({ file, result, name, onGoOn, onRestart }: SummaryProps) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const problemText = useProblemText();
  const entries = useMemo(() => entriesOf(file, result), [file, result]);
  const counts = useMemo(() => countKinds(entries), [entries]);
  const complete = !result.canceled && result.error === undefined;
  const Icon = complete ? CircleCheck : result.canceled ? CirclePause : Unplug;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);

  const downloadBad = () => {
    const bad = entries.filter(({ kind }) => kind === "failed");
    const text = badRowsCsv(file, bad, (entry) => entry.problems.map(problemText).join("; "));
    download(name.replace(/(\.csv)?$/i, "-problems.csv"), "text/csv;charset=utf-8", text);
  };

  return (
    <div className="flex flex-col gap-5">
      <div className="flex items-start gap-4">
        <span className="grid size-11 shrink-0 place-items-center rounded-2xl bg-accent-soft text-accent-ink">
          <Icon className="size-5.5" aria-hidden />
        </span>
        <div>
          <h2 ref={title} tabIndex={-1} className="text-lg font-semibold outline-none">
            {complete ? m.finished : result.canceled ? m.stopped : m.broken}
          </h2>
          <p className="text-ink-soft">
            {complete ? m.finishedText(format.number(counts.created), format.number(counts.updated)) : m.stoppedText}
            {result.error !== undefined && ` ${describe(result.error)}`}
          </p>
        </div>
      </div>
      <Tiles counts={counts} unpublished={file.unpublished} />
      <div className="flex flex-wrap gap-2">
        <Button variant={complete ? "primary" : "secondary"} asChild>
          <Link to="/admin/products" search={{ sort: "-update_time" }}>
            {m.toProducts}
          </Link>
        </Button>
        {!complete && (
          <Button variant="primary" onClick={onGoOn}>
            {m.goOn}
          </Button>
        )}
        {counts.failed > 0 && (
          <Button onClick={downloadBad}>
            <Download aria-hidden />
            {m.badRows}
          </Button>
        )}
        <Button onClick={onRestart}>{m.anotherFile}</Button>
      </div>
      {counts.failed > 0 && <p className="-mt-2 text-sm text-ink-soft">{m.badRowsHint}</p>}
      <EntryList entries={entries} counts={counts} done />
    </div>
  );
}

/**
 * Returns the rows with problems in the file's own columns, with what is wrong in a last column that has no name: columns without a
 * name are left out of an import, so that the file can be mended and imported as it is.
 */
export function badRowsCsv(file: ParsedFile, bad: readonly Entry[], problemText: (entry: Entry) => string): string {
  const cells = new Map(file.rows.map((row) => [row.line, row.cells]));
  const rows = bad.map((entry) => {
    const own = cells.get(entry.line) ?? file.bad[entry.line]?.cells ?? [];
    return csvLine([...file.header.map((_, i) => own[i] ?? ""), `${entry.line}: ${problemText(entry)}`]);
  });
  return csvLine([...file.header, ""]) + rows.join("");
}
