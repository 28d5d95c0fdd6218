import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useTitle } from "@/lib/use-title";
import { Card, PageHeader } from "@/ui/card";
import { bringIn, type Result } from "./bring-in";
import { ChooseFile } from "./choose-file";
import { messages } from "./messages";
import { FileError, type ParsedFile } from "./model";
import { Preview } from "./preview";
import { readFile } from "./read-file";
import { Summary } from "./summary";
import { Working } from "./working";

/** Where the person is with a file. */
type Stage =
  | { readonly at: "choosing"; readonly problem?: string }
  | { readonly at: "reading"; readonly ratio: number }
  | { readonly at: "checking" | "importing"; readonly file: ParsedFile; readonly done: number; readonly plan?: Result }
  | { readonly at: "preview"; readonly file: ParsedFile; readonly plan: Result }
  | { readonly at: "finished"; readonly file: ParsedFile; readonly plan: Result; readonly result: Result };

/** Brings products in from a file: choose it, see what would happen, let it happen, see what did. */
export function ImportPage() {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const client = useQueryClient();
  const [stage, setStage] = useState<Stage>({ at: "choosing" });
  const [name, setName] = useState("");
  const [currency, setCurrency] = useState("USD");
  const [stopping, setStopping] = useState(false);
  const controller = useRef<AbortController>(undefined);
  useTitle(m.title);

  const begin = () => {
    controller.current = new AbortController();
    setStopping(false);
    return controller.current.signal;
  };
  const stop = () => {
    setStopping(true);
    controller.current?.abort();
  };
  const restart = () => setStage({ at: "choosing" });

  async function open(chosen: File) {
    const signal = begin();
    setName(chosen.name);
    setStage({ at: "reading", ratio: 0 });
    try {
      const file = await readFile(chosen, currency, signal, (ratio) => setStage({ at: "reading", ratio }));
      await check(file, signal);
    } catch (error) {
      setStage({
        at: "choosing",
        ...(!signal.aborted && { problem: error instanceof FileError ? faultText(error) : describe(error) }),
      });
    }
  }

  async function check(file: ParsedFile, signal: AbortSignal) {
    setStage({ at: "checking", file, done: 0 });
    const plan = await bringIn(file, { dryRun: true, signal, onProgress: advance });
    if (plan.error !== undefined) throw plan.error;
    setStage(plan.canceled ? { at: "choosing" } : { at: "preview", file, plan });
  }

  async function start(file: ParsedFile, plan: Result) {
    const signal = begin();
    setStage({ at: "importing", file, plan, done: 0 });
    const result = await bringIn(file, { dryRun: false, signal, onProgress: advance });
    // Products on other pages are no longer what they were.
    void client.invalidateQueries({ queryKey: ["products"], refetchType: "none" });
    setStage({ at: "finished", file, plan, result });
  }

  function advance(rows: number) {
    setStage((now) => (now.at === "checking" || now.at === "importing" ? { ...now, done: now.done + rows } : now));
  }

  function faultText({ fault, detail }: FileError): string {
    return { empty: m.fileEmpty, utf8: m.fileUtf8, format: m.fileFormat(detail), twice: m.fileTwice(detail) }[fault];
  }

  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={m.title} description={stage.at === "choosing" ? m.intro : name} />
      {stage.at === "choosing" && (
        <ChooseFile problem={stage.problem} currency={currency} onCurrency={setCurrency} onFile={(file) => void open(file)} />
      )}
      {stage.at === "reading" && (
        <Card className="p-6">
          <Working title={m.reading} done={Math.round(stage.ratio * 100)} total={100} stopping={stopping} onStop={stop} />
        </Card>
      )}
      {(stage.at === "checking" || stage.at === "importing") && (
        <Card className="p-6">
          <Working
            title={stage.at === "checking" ? m.checking : m.importing}
            done={stage.done}
            total={stage.file.rows.length}
            rows
            stopping={stopping}
            onStop={stop}
          />
        </Card>
      )}
      {stage.at === "preview" && (
        <Preview file={stage.file} plan={stage.plan} onStart={() => void start(stage.file, stage.plan)} onRestart={restart} />
      )}
      {stage.at === "finished" && (
        <Summary
          file={stage.file}
          result={stage.result}
          name={name}
          onGoOn={() => void start(stage.file, stage.plan)}
          onRestart={restart}
        />
      )}
    </div>
  );
}
