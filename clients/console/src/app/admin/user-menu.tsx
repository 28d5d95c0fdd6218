import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { ChevronsUpDown, CircleUser, Keyboard, LogOut, Store } from "lucide-react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { useActiveCommands } from "@/lib/commands";
import { languages, setPreferences, themes, usePreferences } from "@/lib/preferences";
import { Avatar } from "@/ui/avatar";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { messages as appMessages, languageNames } from "../messages";
import { messages } from "./messages";
import { useCurrentAdmin } from "./session";

/** Who is signed in, and what is theirs: profile, theme, language, signing out. */
export function UserMenu({ compact = false }: { readonly compact?: boolean }) {
  const m = useMessages(messages);
  const app = useMessages(appMessages);
  const admin = useCurrentAdmin();
  const preferences = usePreferences();
  const commands = useActiveCommands();
  const signOut = () => catalog.session.signOut().catch(() => toast(m.signedOut, { tone: "danger" }));
  return (
    <Menu
      trigger={
        <button
          type="button"
          className={clsx("flex items-center gap-2.5 rounded-lg text-left hover:bg-sunken", compact ? "p-1.5" : "p-2")}
        >
          <span className="sr-only">{m.account}</span>
          <Avatar name={admin?.name} />
          {!compact && (
            <>
              <span className="min-w-0 flex-1 text-sm leading-tight">
                <span className="block truncate font-medium">{admin?.name ?? " "}</span>
                <span className="block truncate text-xs text-ink-soft">{admin?.email ?? " "}</span>
              </span>
              <ChevronsUpDown className="size-4 text-ink-soft" aria-hidden />
            </>
          )}
        </button>
      }
    >
      {({ MenuItem, MenuChoice, MenuSeparator }) => (
        <>
          <MenuItem asChild>
            <Link to="/admin/profile">
              <CircleUser aria-hidden />
              {m.profile}
            </Link>
          </MenuItem>
          <MenuItem asChild>
            <Link to="/">
              <Store aria-hidden />
              {app.storefront}
            </Link>
          </MenuItem>
          <MenuItem icon={Keyboard} onSelect={() => setTimeout(() => commands.find(({ keys }) => keys === "?")?.run())}>
            {app.shortcuts}
          </MenuItem>
          <MenuSeparator />
          <MenuChoice
            label={app.theme}
            value={preferences.theme}
            choices={themes.map((value) => ({ value, label: app[value] }))}
            onChange={(theme) => setPreferences({ theme })}
          />
          <MenuChoice
            label={app.language}
            value={preferences.language}
            choices={languages.map((value) => ({ value, label: languageNames[value] }))}
            onChange={(language) => setPreferences({ language })}
          />
          <MenuSeparator />
          <MenuItem icon={LogOut} onSelect={() => void signOut()}>
            {m.signOut}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
