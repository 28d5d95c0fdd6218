import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Card } from "@/ui/card";
import { Brand, SkipLink } from "../brand";

const Toaster = lazy(() => import("@/ui/toaster"));

export function AccountLayout() {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-8 sm:justify-center">
      <SkipLink />
      <header className="mb-6">
        <Brand />
      </header>
      <main id="main" tabIndex={-1} className="w-full max-w-sm">
        <Card className="p-6 sm:p-8">
          <Outlet />
        </Card>
      </main>
      <Suspense>
        <Toaster />
      </Suspense>
    </div>
  );
}
