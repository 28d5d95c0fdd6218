import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { AuthService, RefreshSessionResponse } from "./gen/catalog/v1/auth_pb.js";

/** How long a refresh is waited for before it is sent again, in milliseconds. */
const repeatAfterMs = 3_000;
/** The server takes a repeat for 10 seconds, which include the way to it. Later reuse ends the session. */
const repeatWithinMs = 8_000;

/**
 * Refreshes a session. While no answer arrives, the request is sent again, for as long as the server takes a repeat; the answers are
 * the same, and the first one counts. A machine that slept meanwhile repeats nothing and waits on: the answer may still come.
 */
export function refreshSession(auth: Client<typeof AuthService>, refreshToken: string): Promise<RefreshSessionResponse> {
  const began = Date.now();
  const over = new AbortController();
  let open = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const answer = new Promise<RefreshSessionResponse>((resolve, reject) => {
    const attempt = () => {
      open++;
      auth.refreshSession({ refreshToken }, { signal: over.signal }).then(resolve, (error) => {
        open--;
        if (open === 0 || ConnectError.from(error).code === Code.Unauthenticated) reject(error);
      });
      timer = setTimeout(() => {
        if (Date.now() - began <= repeatWithinMs) attempt();
      }, repeatAfterMs);
    };
    attempt();
  });
  return answer.finally(() => {
    clearTimeout(timer);
    over.abort();
  });
}
