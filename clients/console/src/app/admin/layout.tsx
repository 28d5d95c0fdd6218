import { Link, Outlet } from "@tanstack/react-router";
import { CatalogProvider } from "@zebrands/catalog/react";
import { Ellipsis, Search } from "lucide-react";
import { lazy, Suspense } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { useActiveCommands } from "@/lib/commands";
import { useProofRequest } from "@/lib/proof";
import { IconButton } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { Menu } from "@/ui/menu";
import { Brand, SkipLink } from "../brand";
import { queryClient } from "../query-client";
import { messages } from "./messages";
import { pages, useNavigationCommands } from "./navigation";
import { useLeaveOnSignOut } from "./session";
import { UserMenu } from "./user-menu";

const Toaster = lazy(() => import("@/ui/toaster"));
const ProofDialog = lazy(() => import("./proof-dialog"));

/** Navigation beside the page; on a phone, above and below it. */
export function AdminLayout() {
  useNavigationCommands();
  useLeaveOnSignOut();
  return (
    <CatalogProvider catalog={catalog} queryClient={queryClient}>
      <SkipLink />
      <div className="md:grid md:min-h-dvh md:grid-cols-[15rem_minmax(0,1fr)]">
        <SideBar />
        <TopBar />
        <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[90rem] px-4 pt-5 pb-24 sm:px-6 md:py-8 lg:px-10">
          <Outlet />
        </main>
        <BottomBar />
      </div>
      <Suspense>
        <Toaster />
      </Suspense>
      <Proof />
    </CatalogProvider>
  );
}

/** Asks who is signed in to prove it, whenever the server wants that. */
function Proof() {
  const request = useProofRequest();
  return <Suspense>{request !== undefined && <ProofDialog request={request} />}</Suspense>;
}

function SideBar() {
  const m = useMessages(messages);
  return (
    <header className="sticky top-0 hidden h-dvh flex-col gap-5 border-r border-line bg-surface px-3 py-4 md:flex">
      <div className="px-2">
        <Brand to="/admin/products" />
      </div>
      <PaletteButton />
      <nav aria-label={m.navigation} className="flex flex-1 flex-col gap-0.5">
        {pages.map(({ to, name, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            className="flex h-9.5 items-center gap-3 rounded-lg px-2.5 text-sm font-medium text-ink-soft transition-colors hover:bg-sunken hover:text-ink data-[status=active]:bg-accent-soft data-[status=active]:text-accent-ink"
          >
            <Icon className="size-4.5" aria-hidden />
            {m[name]}
          </Link>
        ))}
      </nav>
      <UserMenu />
    </header>
  );
}

function PaletteButton() {
  const m = useMessages(messages);
  const open = useOpenPalette();
  return (
    <button
      type="button"
      onClick={open}
      className="flex h-9.5 items-center gap-2.5 rounded-lg border border-line-strong/60 bg-canvas px-2.5 text-sm text-ink-soft hover:border-line-strong hover:text-ink"
    >
      <Search className="size-4" aria-hidden />
      <span className="flex-1 truncate text-left">{m.jump}</span>
      <Kbd keys="mod+k" />
    </button>
  );
}

function TopBar() {
  const m = useMessages(messages);
  const open = useOpenPalette();
  return (
    <header className="sticky top-0 z-30 flex items-center gap-1 border-b border-line bg-surface px-4 py-2 md:hidden">
      <Brand to="/admin/products" />
      <IconButton label={m.commands} onClick={open} className="ml-auto">
        <Search />
      </IconButton>
      <UserMenu compact />
    </header>
  );
}

function BottomBar() {
  const m = useMessages(messages);
  const item =
    "flex min-w-0 flex-1 flex-col items-center gap-0.5 rounded-lg py-1.5 text-2xs font-medium text-ink-soft data-[status=active]:text-accent-ink";
  return (
    <nav
      aria-label={m.navigation}
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface px-2 pt-1 pb-[max(0.25rem,env(safe-area-inset-bottom))] md:hidden"
    >
      {pages.slice(0, 4).map(({ to, name, icon: Icon }) => (
        <Link key={to} to={to} className={item}>
          <Icon className="size-5" aria-hidden />
          <span className="max-w-full truncate">{name === "notifications" ? m.notificationsShort : m[name]}</span>
        </Link>
      ))}
      <Menu
        trigger={
          <button type="button" className={item}>
            <Ellipsis className="size-5" aria-hidden />
            {m.more}
          </button>
        }
      >
        {({ MenuItem }) =>
          pages.slice(4).map(({ to, name, icon: Icon }) => (
            <MenuItem key={to} asChild>
              <Link to={to}>
                <Icon aria-hidden />
                {m[name]}
              </Link>
            </MenuItem>
          ))
        }
      </Menu>
    </nav>
  );
}

function useOpenPalette(): () => void {
  const commands = useActiveCommands();
  return () => commands.find(({ keys }) => keys === "mod+k")?.run();
}
