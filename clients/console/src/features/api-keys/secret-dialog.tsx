import type { ApiKey } from "@zebrands/catalog";
import { Copy } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "@/i18n";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { TextAreaField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { messages } from "./messages";

interface SecretDialogProps {
  readonly apiKey: ApiKey;
  readonly secret: string;
  readonly onClose: () => void;
}

/** Shows a new key. Nobody can see it again, so only its button closes the dialog. */
export function SecretDialog({ apiKey, secret, onClose }: SecretDialogProps) {
  const m = useMessages(messages);

  async function copy() {
    try {
      await navigator.clipboard.writeText(secret);
      toast(m.copied);
    } catch {
      toast(m.notCopied, { tone: "danger" }); // also without https, where browsers have no clipboard
    }
  }

  return (
    <Dialog open persistent onOpenChange={onClose} title={m.created(apiKey.name)}>
      <div className="flex flex-col gap-4">
        <Alert tone="warning">{m.onlyOnce}</Alert>
        <div className="flex items-end gap-2 max-sm:flex-col max-sm:items-stretch">
          <TextAreaField
            label={m.secret}
            name="secret"
            value={secret}
            rows={2}
            readOnly
            required
            spellCheck={false}
            onFocus={(event) => event.target.select()}
            className="flex-1 [&_textarea]:resize-none [&_textarea]:font-mono"
          />
          <Button variant="primary" onClick={() => void copy()} autoFocus>
            <Copy aria-hidden />
            {m.copy}
          </Button>
        </div>
        <section className="text-sm">
          <h3 className="font-medium">{m.howTo}</h3>
          <p className="mt-1 text-ink-soft">{m.inHeader}</p>
          <Code>Authorization: Bearer {apiKey.prefix}…</Code>
          <p className="mt-2 text-ink-soft">{m.inCommand}</p>
          <Code>CATALOG_API_KEY={apiKey.prefix}…</Code>
        </section>
      </div>
      <DialogActions>
        <Button onClick={onClose}>{m.done}</Button>
      </DialogActions>
    </Dialog>
  );
}

function Code({ children }: { readonly children: ReactNode }) {
  return <code className="mt-1 block rounded-md bg-sunken px-2.5 py-1.5 font-mono text-xs wrap-anywhere">{children}</code>;
}
