import { Command as Cmdk } from "cmdk";
import { useMessages } from "@/i18n";
import { useActiveCommands } from "@/lib/commands";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";
import { messages } from "./messages";

/** Everything that the page can do, found by typing. */
export default function Palette({ onOpenChange }: { readonly onOpenChange: (open: boolean) => void }) {
  const m = useMessages(messages);
  const commands = useActiveCommands();
  const groups = Map.groupBy(commands, (command) => command.group);
  return (
    <Dialog open onOpenChange={onOpenChange} title={m.palette}>
      <Cmdk label={m.palette} loop>
        <Cmdk.Input
          autoFocus
          placeholder={m.palettePlaceholder}
          className="h-11 w-full rounded-lg border border-line-strong bg-surface px-3 focus-visible:-outline-offset-1"
        />
        <Cmdk.List className="mt-2 max-h-[46dvh] overflow-y-auto" label={m.palette}>
          <Cmdk.Empty className="py-8 text-center text-ink-soft">{m.paletteEmpty}</Cmdk.Empty>
          {[...groups].map(([group, items]) => (
            <Cmdk.Group
              key={group}
              heading={group}
              className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-soft"
            >
              {items.map(({ label, keys, icon: Icon, run }) => (
                <Cmdk.Item
                  key={label}
                  value={`${group} ${label}`}
                  onSelect={() => {
                    onOpenChange(false);
                    // After the dialog has given the focus back.
                    setTimeout(run);
                  }}
                  className="flex min-h-9.5 cursor-pointer items-center gap-3 rounded-lg px-2.5 text-sm data-[selected=true]:bg-sunken pointer-coarse:min-h-11"
                >
                  {Icon !== undefined && <Icon className="size-4 text-ink-soft" aria-hidden />}
                  <span className="flex-1">{label}</span>
                  {keys !== undefined && <Kbd keys={keys} />}
                </Cmdk.Item>
              ))}
            </Cmdk.Group>
          ))}
        </Cmdk.List>
      </Cmdk>
    </Dialog>
  );
}
