import { useFormat, useMessages } from "@/i18n";
import { Button } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { messages } from "./messages";

interface WorkingProps {
  readonly title: string;
  readonly done: number;
  readonly total: number;
  /** Whether what is counted are rows, to be told. */
  readonly rows?: boolean;
  /** Whether the person asked to stop: what was sent by then is waited for. */
  readonly stopping: boolean;
  readonly onStop: () => void;
}

/** How far something is, and a button that stops it. */
export function Working({ title, done, total, rows = false, stopping, onStop }: WorkingProps) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <div className="mx-auto flex max-w-xl flex-col gap-3 py-8">
      <h2 className="text-lg font-semibold">{title}</h2>
      <Progress label={title} done={done} total={total} />
      <div className="flex items-center justify-between gap-4">
        <p aria-live="polite" className="text-sm text-ink-soft tabular-nums">
          {rows && m.progress(format.number(done), format.number(total))}
        </p>
        <Button onClick={onStop} aria-disabled={stopping}>
          {stopping ? m.stopping : m.stop}
        </Button>
      </div>
    </div>
  );
}
