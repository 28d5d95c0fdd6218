import { Copy, Download } from "lucide-react";
import { useMessages } from "@/i18n";
import { download } from "@/lib/download";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

interface RecoveryCodesProps {
  readonly codes: readonly string[];
  /** Goes on, now that they are where they can be found again. */
  readonly onSaved: () => void;
}

/** Recovery codes, which nobody sees a second time, and ways to keep them. */
export function RecoveryCodes({ codes, onSaved }: RecoveryCodesProps) {
  const m = useMessages(messages);
  const text = codes.join("\n");
  return (
    <div className="flex flex-col gap-4">
      <ul
        aria-label={m.codes}
        className="grid grid-cols-[repeat(auto-fit,minmax(12.25rem,1fr))] gap-x-6 gap-y-1.5 rounded-lg border border-line bg-sunken px-4 py-3 font-mono text-sm"
      >
        {codes.map((code) => (
          <li key={code} className="whitespace-nowrap select-all">
            {code}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => void navigator.clipboard.writeText(text).then(() => toast(m.copied))}>
          <Copy aria-hidden />
          {m.copy}
        </Button>
        <Button
          onClick={() => download("recovery-codes.txt", "text/plain;charset=utf-8", `${m.file(location.host)}\n\n${text}\n`)}
        >
          <Download aria-hidden />
          {m.download}
        </Button>
      </div>
      <Button variant="primary" className="w-full" onClick={onSaved}>
        {m.saved}
      </Button>
    </div>
  );
}
