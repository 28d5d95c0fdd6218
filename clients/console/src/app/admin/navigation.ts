import { useNavigate } from "@tanstack/react-router";
import { Bell, ChartNoAxesColumn, CircleUser, FileUp, KeyRound, Package, ShieldCheck, Undo2, Users } from "lucide-react";
import { useMemo } from "react";
import { useMessages } from "@/i18n";
import { type Command, useCommands } from "@/lib/commands";
import { undo } from "@/ui/toast";
import { messages as appMessages } from "../messages";
import { messages } from "./messages";

/** The console's pages in the order of its navigation; the first four are the phone's bar, which has room for short words. */
export const pages = [
  { to: "/admin/products", name: "products", icon: Package, keys: "g p" },
  { to: "/admin/import", name: "import", icon: FileUp, keys: "g i" },
  { to: "/admin/reports", name: "reports", icon: ChartNoAxesColumn, keys: "g r" },
  { to: "/admin/notifications", name: "notifications", icon: Bell, keys: "g n" },
  { to: "/admin/administrators", name: "administrators", icon: Users, keys: "g a" },
  { to: "/admin/api-keys", name: "apiKeys", icon: KeyRound, keys: "g k" },
  { to: "/admin/security-events", name: "securityEvents", icon: ShieldCheck, keys: "g e" },
] as const;

/** Offers to go to every page of the console, and to take back what was done last. */
export function useNavigationCommands(): void {
  const m = useMessages(messages);
  const { goTo, general } = useMessages(appMessages);
  const navigate = useNavigate();
  const commands = useMemo<Command[]>(
    () => [
      ...pages.map(({ to, name, icon, keys }) => ({ group: goTo, label: m[name], icon, keys, run: () => void navigate({ to }) })),
      { group: general, label: m.undo, keys: "z", icon: Undo2, run: () => undo() },
      { group: goTo, label: m.profile, icon: CircleUser, keys: "g m", run: () => void navigate({ to: "/admin/profile" }) },
    ],
    [m, goTo, general, navigate],
  );
  useCommands(commands);
}
