import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { Search, Store } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useMessages } from "@/i18n";
import { type Command, focusSearch, useCommands } from "@/lib/commands";
import { languages, setPreferences, themes } from "@/lib/preferences";
import { languageNames, messages } from "./messages";

const Palette = lazy(() => import("./palette"));
const ShortcutHelp = lazy(() => import("./shortcut-help"));

/** What every page has: the commands that work everywhere, the palette, and the help. */
export function Root() {
  const [dialog, setDialog] = useState<"palette" | "help">();
  const close = (open: boolean) => {
    if (!open) setDialog(undefined);
  };
  useCommands(useGlobalCommands(setDialog));
  useFocusOnNavigation();
  return (
    <>
      <Outlet />
      <Suspense>
        {dialog === "palette" && <Palette onOpenChange={close} />}
        {dialog === "help" && <ShortcutHelp onOpenChange={close} />}
      </Suspense>
    </>
  );
}

function useGlobalCommands(open: (dialog: "palette" | "help") => void): Command[] {
  const m = useMessages(messages);
  const navigate = useNavigate();
  return useMemo(
    () => [
      { group: m.general, label: m.search, keys: "/", icon: Search, run: focusSearch },
      { group: m.general, label: m.palette, keys: "mod+k", run: () => open("palette") },
      { group: m.general, label: m.shortcuts, keys: "?", run: () => open("help") },
      { group: m.goTo, label: m.storefront, keys: "g s", icon: Store, run: () => void navigate({ to: "/" }) },
      ...themes.map((theme) => ({
        group: m.appearance,
        label: m.themeCommand(m[theme]),
        run: () => setPreferences({ theme }),
      })),
      ...languages.map((language) => ({
        group: m.appearance,
        label: languageNames[language],
        run: () => setPreferences({ language }),
      })),
    ],
    [m, navigate, open],
  );
}

/** Takes readers with a keyboard or a screen reader to the content of a page that they went to. */
function useFocusOnNavigation(): void {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef(path);
  useEffect(() => {
    if (before.current !== undefined && path !== before.current) {
      const busy =
        document.activeElement?.matches("input, textarea, select, [role=dialog] *, [role=menu], [role=menu] *") ?? false;
      if (!busy) document.getElementById("main")?.focus({ preventScroll: true });
    }
    before.current = path;
  }, [path]);
}
