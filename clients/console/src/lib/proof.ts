import { useSyncExternalStore } from "react";

/** Somebody is being asked to prove who they are. */
export interface ProofRequest {
  /** Ends it: with true once the server has accepted the proof, with false if the person does not want to. */
  readonly end: (proven: boolean) => void;
}

let request: ProofRequest | undefined;
const listeners = new Set<() => void>();

/** Asks who is signed in to prove it, and returns whether they did. On pages that show no dialog for it, nobody is asked. */
export function askForProof(): Promise<boolean> {
  if (listeners.size === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    update({
      end: (proven) => {
        update(undefined);
        resolve(proven);
      },
    });
  });
}

function update(next: ProofRequest | undefined): void {
  request = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    // The page that asked is gone, such as when the session ended meanwhile.
    if (listeners.size === 0) request?.end(false);
  };
}

/** Returns what is being asked, for the one who shows the dialog. */
export function useProofRequest(): ProofRequest | undefined {
  return useSyncExternalStore(subscribe, () => request);
}
