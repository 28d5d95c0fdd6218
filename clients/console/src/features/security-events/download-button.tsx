import { type SecurityEvent, timestampDate } from "@zebrands/catalog";
import { Download } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { downloadCsv } from "@/lib/download";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { messages } from "./messages";
import { nameOf, useSentence } from "./sentences";

/** How many events a file holds at most. */
const most = 100_000;

/** Saves all events that the filter lets through, also those that the page has not loaded. Times and ids are written for programs. */
export function DownloadButton({ filter }: { readonly filter: string }) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const row = useCsvRow();
  const [pending, setPending] = useState(false);

  async function save() {
    setPending(true);
    try {
      const { events, complete } = await readEvents(filter);
      if (!complete) toast(m.tooMany(format.number(events.length)));
      await downloadCsv(`security-events-${new Date().toISOString().slice(0, 10)}.csv`, events.map(row));
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    } finally {
      setPending(false);
    }
  }

  return (
    <Button aria-disabled={pending} onClick={pending ? undefined : () => void save()}>
      <Download aria-hidden />
      {pending ? m.downloading : m.download}
    </Button>
  );
}

async function readEvents(filter: string): Promise<{ events: SecurityEvent[]; complete: boolean }> {
  const events: SecurityEvent[] = [];
  for (let pageToken = ""; ; ) {
    const page = await catalog.auth.listSecurityEvents({ filter, pageSize: 1000, pageToken });
    events.push(...page.securityEvents);
    pageToken = page.nextPageToken;
    if (pageToken === "" || events.length >= most) return { events, complete: pageToken === "" };
  }
}

function useCsvRow(): (event: SecurityEvent) => Record<string, string> {
  const m = useMessages(messages);
  const sentence = useSentence();
  return (event) => ({
    [m.csvTime]: event.createTime === undefined ? "" : timestampDate(event.createTime).toISOString(),
    [m.csvType]: nameOf(event) ?? String(event.type),
    [m.csvSentence]: sentence(event),
    [m.csvActor]: event.actorName,
    [m.csvActorId]: event.actorId,
    [m.csvAdmin]: event.adminName,
    [m.csvAdminId]: event.adminId,
    [m.csvSession]: event.sessionId,
    [m.csvKey]: event.apiKeyId,
    [m.csvAddress]: event.ipAddress,
    [m.csvAgent]: event.userAgent,
    [m.csvDetails]: Object.entries(event.details)
      .map(([name, value]) => `${name}=${value}`)
      .join("; "),
  });
}
