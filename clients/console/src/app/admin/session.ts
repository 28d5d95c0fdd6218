import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { AuthService } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";
import { useEffect } from "react";
import { catalog } from "@/lib/catalog";

/** Returns who is signed in; undefined until the server has answered. */
export function useCurrentAdmin() {
  return useQuery(AuthService.method.getCurrentAdmin, {}, { staleTime: 60_000 }).data?.admin;
}

/** Leaves the console when the session ends: here, in another tab, or on the server. Nothing that was read stays in memory. */
export function useLeaveOnSignOut(): void {
  const router = useRouter();
  const queryClient = useQueryClient();
  useEffect(
    () =>
      catalog.session.onChange((signedIn) => {
        if (signedIn) {
          void queryClient.invalidateQueries(); // perhaps somebody else now
          return;
        }
        const { href } = router.state.location;
        void router.navigate({ to: "/sign-in", search: { to: href }, replace: true }).then(() => queryClient.clear());
      }),
    [router, queryClient],
  );
}
