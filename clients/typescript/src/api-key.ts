import type { Interceptor } from "@connectrpc/connect";

/** An API key, or what returns it for each call, such as one that reads a file that is replaced now and then. */
export type ApiKey = string | (() => string | Promise<string>);

/** Sends an API key with every call. There is nothing to renew: a key works until it is revoked or expires. */
export function apiKeyInterceptor(apiKey: ApiKey): Interceptor {
  return (next) => async (req) => {
    const key = typeof apiKey === "string" ? apiKey : await apiKey();
    req.header.set("Authorization", `Bearer ${key}`);
    return next(req);
  };
}
