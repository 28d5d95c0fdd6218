import type { ConnectError, Transport } from "@connectrpc/connect";
import { isReason } from "./errors.js";
import { abortable } from "./signals.js";

/**
 * Proves who is signed in, with `catalog.session.reauthenticate`, and returns whether it did. The error is the one that asked for it.
 */
export type ReauthenticationHandler = (error: ConnectError) => Promise<boolean>;

/**
 * Returns a transport that asks the handler when the server wants proof of who is signed in, and then makes the call once more. Calls
 * that fail while the handler works wait for it, so that a person is asked once. That time does not count against a call's deadline:
 * people take longer than servers.
 */
export function withReauthentication(transport: Transport, handler: ReauthenticationHandler): Transport {
  let proving: Promise<boolean> | undefined;
  const prove = (error: ConnectError) => {
    proving ??= handler(error).finally(() => {
      proving = undefined;
    });
    return proving;
  };
  return {
    unary: async (method, signal, timeoutMs, header, message, contextValues) => {
      const call = () => transport.unary(method, signal, timeoutMs, header, message, contextValues);
      try {
        return await call();
      } catch (error) {
        if (!isReason(error, "REAUTHENTICATION_REQUIRED")) throw error;
        const proof = prove(error);
        if (!(await (signal === undefined ? proof : abortable(proof, signal)))) throw error;
        return call();
      }
    },
    stream: transport.stream.bind(transport),
  };
}
