import { CreatePasskeyChallengeRequest_Purpose as Purpose } from "@zebrands/catalog";
import { Fingerprint } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { useDescribeError } from "@/lib/errors";
import { maxLengths } from "@/lib/limits";
import { askForPasskey, passkeyObstacle, stopAskingForPasskey } from "@/lib/passkeys";
import type { ProofRequest } from "@/lib/proof";
import { Alert } from "@/ui/alert";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { PasswordField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { messages as uiMessages } from "@/ui/messages";
import { messages } from "./proof-messages";
import { useCurrentAdmin } from "./session";

/** Asks for the password, or a passkey of those who have one, before the server changes who can sign in. */
export default function ProofDialog({ request }: { readonly request: ProofRequest }) {
  const m = useMessages(messages);
  const { cancel } = useMessages(uiMessages);
  const describe = useDescribeError();
  const admin = useCurrentAdmin();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const hasPasskey = admin?.secondFactor === true && passkeyObstacle() === undefined;

  function end(proven: boolean) {
    if (asking) void stopAskingForPasskey();
    request.end(proven);
  }

  async function confirmByPassword(data: FormData) {
    setProblem(undefined);
    await catalog.session.reauthenticate({ password: String(data.get("current_password")) });
    end(true);
  }

  async function confirmByPasskey() {
    setAsking(true);
    setProblem(undefined);
    try {
      const { options } = await catalog.auth.createPasskeyChallenge({ purpose: Purpose.REAUTHENTICATE });
      await catalog.session.reauthenticate({ passkey: await askForPasskey(options) });
      request.end(true);
    } catch (error) {
      setProblem(describe(error));
    } finally {
      setAsking(false);
    }
  }

  return (
    <Dialog open onOpenChange={(open) => open || end(false)} title={m.title} description={m.text}>
      <Form onSubmit={confirmByPassword}>
        {problem !== undefined && <Alert tone="danger">{problem}</Alert>}
        {/* Tells password managers whose password this is. */}
        <input type="hidden" name="username" autoComplete="username" value={admin?.email ?? ""} readOnly />
        <PasswordField
          label={m.password}
          name="current_password"
          autoComplete="current-password"
          maxLength={maxLengths.password}
          required
          autoFocus
        />
        <DialogActions>
          <Button onClick={() => end(false)}>{cancel}</Button>
          {hasPasskey && (
            <Button aria-disabled={asking} onClick={asking ? undefined : () => void confirmByPasskey()}>
              <Fingerprint aria-hidden />
              {m.passkey}
            </Button>
          )}
          <SubmitButton>{m.confirm}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
