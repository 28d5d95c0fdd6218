import { lazy, type ReactNode, Suspense, useCallback, useRef, useState } from "react";
import type { Values } from "@/lib/product/fields";
import type { Conflict, Resolve } from "./data";

const ConflictDialog = lazy(() => import("./conflict-dialog"));

/** Returns what asks a person about a conflict, and the dialog in which it does. */
export function useConflictDialog(): readonly [Resolve, ReactNode] {
  const [conflict, setConflict] = useState<Conflict>();
  const answer = useRef<(choice: Partial<Values> | undefined) => void>(undefined);
  const resolve = useCallback<Resolve>(
    (next) =>
      new Promise((done) => {
        setConflict(next);
        answer.current = (choice) => {
          setConflict(undefined);
          done(choice);
        };
      }),
    [],
  );
  const dialog = conflict !== undefined && (
    <Suspense>
      <ConflictDialog key={conflict.current.etag} conflict={conflict} onAnswer={(choice) => answer.current?.(choice)} />
    </Suspense>
  );
  return [resolve, dialog];
}
