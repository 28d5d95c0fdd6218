import type { DescMethodUnary } from "@bufbuild/protobuf";
import { useQueryClient } from "@tanstack/react-query";
import { createConnectQueryKey } from "@zebrands/catalog/react";

/** Returns a function that reads again what methods answered, wherever it is shown. */
export function useRefresh(): (...methods: readonly DescMethodUnary[]) => Promise<void> {
  const queryClient = useQueryClient();
  return async (...methods) => {
    await Promise.all(
      methods.map((schema) =>
        queryClient.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) }),
      ),
    );
  };
}
