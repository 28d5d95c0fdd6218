import { type ReactNode, useRef, useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Progress as ProgressBar } from "@/ui/progress";
import type { Progress } from "./bulk";
import { messages } from "./messages";

interface Running {
  readonly title: string;
  readonly done: number;
  readonly total: number | undefined;
}

/** Runs work that takes a while; without a total it is not known how long. */
export type RunTask = <T>(title: string, total: number | undefined, work: (progress: Progress) => Promise<T>) => Promise<T>;

/** Returns a function that runs work while a dialog shows how far it is and can stop it, and that dialog. */
export function useTask(): readonly [RunTask, ReactNode] {
  const [running, setRunning] = useState<Running>();
  const controller = useRef<AbortController>(undefined);
  const run: RunTask = async (title, total, work) => {
    const abort = new AbortController();
    controller.current = abort;
    setRunning({ title, done: 0, total });
    try {
      return await work({
        signal: abort.signal,
        advance: (products) => setRunning((now) => now && { ...now, done: now.done + products }),
      });
    } finally {
      setRunning(undefined);
    }
  };
  return [run, running !== undefined && <TaskDialog key="task" running={running} onStop={() => controller.current?.abort()} />];
}

function TaskDialog({ running: { title, done, total }, onStop }: { readonly running: Running; readonly onStop: () => void }) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <Dialog open onOpenChange={onStop} title={title}>
      <ProgressBar label={title} done={done} total={total} />
      <p aria-live="polite" className="mt-2 text-sm text-ink-soft tabular-nums">
        {total === undefined ? m.soFar(format.number(done)) : m.progress(format.number(done), format.number(total))}
      </p>
      <DialogActions>
        <Button onClick={onStop}>{m.stop}</Button>
      </DialogActions>
    </Dialog>
  );
}
