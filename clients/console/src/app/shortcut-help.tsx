import { useMessages } from "@/i18n";
import { useActiveCommands } from "@/lib/commands";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";
import { messages } from "./messages";

/** The keys that work on this page. */
export default function ShortcutHelp({ onOpenChange }: { readonly onOpenChange: (open: boolean) => void }) {
  const m = useMessages(messages);
  const commands = useActiveCommands();
  const groups = Map.groupBy(
    commands.filter(({ keys }) => keys !== undefined),
    (command) => command.group,
  );
  return (
    <Dialog open onOpenChange={onOpenChange} title={m.shortcuts}>
      {[...groups].map(([group, items]) => (
        <section key={group} className="mt-3 first:mt-0">
          <h3 className="pb-1 text-xs font-medium text-ink-soft">{group}</h3>
          <dl>
            {items.map(({ label, keys }) => (
              <div
                key={label}
                className="flex items-center justify-between gap-4 border-t border-line py-2 text-sm first:border-0"
              >
                <dt>{label}</dt>
                <dd>{keys !== undefined && <Kbd keys={keys} />}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
