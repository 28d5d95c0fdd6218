import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./app/query-client";
import { router } from "./app/router";

window.addEventListener("vite:preloadError", () => void startOverIfNewer());

/** A newer version may have been deployed, and the files of this one are gone: then the page starts over with the new one. */
async function startOverIfNewer(): Promise<void> {
  const response = await fetch("/", { cache: "no-store" }).catch(() => undefined);
  if (response?.ok && !(await response.text()).includes(new URL(import.meta.url).pathname)) location.reload();
}

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
