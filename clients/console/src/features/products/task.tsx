import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import type { Progress } from "./bulk";

const TaskDialog = lazy(() => import("./task-dialog"));

/** Work that is under way. */
export interface Running {
  readonly title: string;
  readonly done: number;
  readonly total: number | undefined;
  /** Whether the person asked to stop: what was sent by then is waited for. */
  readonly stopping: boolean;
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
    setRunning({ title, done: 0, total, stopping: false });
    try {
      return await work({
        signal: abort.signal,
        advance: (products) => setRunning((now) => now && { ...now, done: now.done + products }),
      });
    } finally {
      setRunning(undefined);
    }
  };
  const stop = () => {
    setRunning((now) => now && { ...now, stopping: true });
    controller.current?.abort();
  };
  const dialog = running !== undefined && (
    <Suspense key="task">
      <TaskDialog running={running} onStop={stop} />
    </Suspense>
  );
  return [run, dialog];
}
