import { create } from "@bufbuild/protobuf";
import { errorMetadata, isReason, type SecondFactor, SecondFactorSchema } from "@zebrands/catalog";
import { Fingerprint } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { messages as passkeyMessages } from "@/app/passkeys/messages";
import { PasskeyNameField } from "@/app/passkeys/name-field";
import { Obstacle } from "@/app/passkeys/obstacle";
import { RecoveryCodes } from "@/app/passkeys/recovery-codes";
import { useMessages } from "@/i18n";
import { maxLengths } from "@/lib/limits";
import { askForPasskey, createPasskey, passkeyObstacle, stopAskingForPasskey } from "@/lib/passkeys";
import { TextField } from "@/ui/field";
import { Form, SubmitButton } from "@/ui/form";
import { AccountPage } from "./account-page";
import { messages } from "./messages";

/** Signs in, with a second factor once the server has asked for one. */
type Attempt = (secondFactor?: SecondFactor) => Promise<{ readonly recoveryCodes: readonly string[] }>;

/** What is left to do after the password was right. */
type Step =
  | { readonly kind: "passkey" | "recovery-code" | "new-passkey"; readonly attempt: Attempt; readonly options?: string }
  | { readonly kind: "codes"; readonly codes: readonly string[] };

/** A step that proves something. Its options are good for one try on the server; without any, the server is asked for new ones. */
type Proof = Extract<Step, { attempt: Attempt }>;

interface SecondFactorProps {
  /** Is called when somebody is signed in and has seen what is shown once. */
  readonly onSignedIn: () => void;
  /** Is true while the page must stay, whether or not somebody is signed in. */
  readonly stays?: RefObject<boolean>;
  /** The page, whose form sends what was typed with the function that it gets. */
  readonly children: (signIn: (attempt: Attempt) => Promise<void>) => ReactNode;
}

/** A page that signs in, and the steps behind its form for those who need a second factor. */
export function WithSecondFactor({ onSignedIn, stays = { current: false }, children }: SecondFactorProps) {
  const [step, setStep] = useState<Step>();

  async function signIn(attempt: Attempt, factor?: SecondFactor) {
    stays.current = true;
    try {
      const { recoveryCodes } = await attempt(factor);
      if (recoveryCodes.length > 0) setStep({ kind: "codes", codes: recoveryCodes });
      else onSignedIn();
    } catch (error) {
      stays.current = false;
      throw error;
    }
  }

  /** Takes the password to the server, and goes on to what it wants beside that. Returns that step, if there is one. */
  async function begin(attempt: Attempt): Promise<Proof | undefined> {
    try {
      await signIn(attempt);
      return undefined;
    } catch (error) {
      if (!isReason(error, "SECOND_FACTOR_REQUIRED")) throw error;
      const { passkey_options: options, new_passkey_options: newOptions } = errorMetadata(error);
      const next: Proof =
        newOptions === undefined
          ? { kind: "passkey", attempt, ...(options !== undefined && { options }) }
          : { kind: "new-passkey", attempt, options: newOptions };
      setStep(next);
      return next;
    }
  }

  async function prove(proof: Proof, ask: (options: string) => Promise<SecondFactor["factor"]>) {
    const { kind, attempt, options } = proof.options === undefined ? ((await begin(proof.attempt)) ?? {}) : proof;
    // Meanwhile, the server may want something else than it did.
    if (kind !== proof.kind || attempt === undefined || options === undefined) return;
    const factor = await ask(options);
    try {
      await signIn(attempt, create(SecondFactorSchema, { factor }));
    } catch (error) {
      setStep({ kind, attempt });
      throw error;
    }
  }

  return (
    <>
      {/* It keeps what was typed, for those who come back. */}
      <div hidden={step !== undefined}>
        {children(async (attempt) => {
          await begin(attempt);
        })}
      </div>
      {step?.kind === "passkey" && (
        <PasskeyStep
          onUse={() => prove(step, async (options) => ({ case: "passkey", value: await askForPasskey(options) }))}
          onCode={() => setStep({ ...step, kind: "recovery-code" })}
        />
      )}
      {step?.kind === "recovery-code" && (
        <RecoveryCodeStep
          onSend={(value) => signIn(step.attempt, create(SecondFactorSchema, { factor: { case: "recoveryCode", value } }))}
          onPasskey={() => setStep({ ...step, kind: "passkey" })}
        />
      )}
      {step?.kind === "new-passkey" && (
        <NewPasskeyStep
          onAdd={(name) =>
            prove(step, async (options) => ({
              case: "newPasskey",
              value: { $typeName: "catalog.v1.SecondFactor.NewPasskey", name, credential: await createPasskey(options) },
            }))
          }
          onBack={() => setStep(undefined)}
        />
      )}
      {step?.kind === "codes" && <CodesStep codes={step.codes} onSaved={onSignedIn} />}
    </>
  );
}

/** Asks for the passkey at once; the button is for another try. */
function PasskeyStep({ onUse, onCode }: { readonly onUse: () => Promise<void>; readonly onCode: () => void }) {
  const m = useMessages(messages);
  const place = useRef<HTMLDivElement>(null);
  const obstacle = passkeyObstacle();
  useEffect(() => {
    if (obstacle === undefined) place.current?.querySelector("form")?.requestSubmit();
    return () => void stopAskingForPasskey();
  }, [obstacle]);
  return (
    <AccountPage title={m.passkeyTitle} intro={m.passkeyIntro}>
      <div ref={place}>
        {obstacle !== undefined ? (
          <Obstacle obstacle={obstacle} />
        ) : (
          <Form onSubmit={onUse}>
            <SubmitButton autoFocus>
              <Fingerprint aria-hidden />
              {m.usePasskey}
            </SubmitButton>
          </Form>
        )}
      </div>
      <OtherWay onClick={onCode}>{m.useCode}</OtherWay>
    </AccountPage>
  );
}

interface RecoveryCodeStepProps {
  readonly onSend: (code: string) => Promise<void>;
  readonly onPasskey: () => void;
}

function RecoveryCodeStep({ onSend, onPasskey }: RecoveryCodeStepProps) {
  const m = useMessages(messages);
  return (
    <AccountPage title={m.codeTitle} intro={m.codeIntro}>
      <Form onSubmit={(data) => onSend(String(data.get("recovery_code")))} prefix="second_factor.">
        <TextField
          label={m.code}
          name="recovery_code"
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={maxLengths.recoveryCode}
          required
          autoFocus
        />
        <SubmitButton>{m.signIn}</SubmitButton>
      </Form>
      <OtherWay onClick={onPasskey}>{m.usePasskeyInstead}</OtherWay>
    </AccountPage>
  );
}

interface NewPasskeyStepProps {
  readonly onAdd: (name: string) => Promise<void>;
  readonly onBack: () => void;
}

/** For those who have no passkey while the catalog requires one. */
function NewPasskeyStep({ onAdd, onBack }: NewPasskeyStepProps) {
  const m = useMessages(messages);
  const obstacle = passkeyObstacle();
  useEffect(() => () => void stopAskingForPasskey(), []);
  return (
    <AccountPage title={m.newPasskeyTitle} intro={m.newPasskeyIntro}>
      {obstacle !== undefined ? (
        <Obstacle obstacle={obstacle} />
      ) : (
        <Form onSubmit={(data) => onAdd(String(data.get("name")))} prefix="second_factor.new_passkey.">
          <PasskeyNameField autoFocus />
          <SubmitButton>
            <Fingerprint aria-hidden />
            {m.addPasskey}
          </SubmitButton>
        </Form>
      )}
      <OtherWay onClick={onBack}>{m.back}</OtherWay>
    </AccountPage>
  );
}

function CodesStep({ codes, onSaved }: { readonly codes: readonly string[]; readonly onSaved: () => void }) {
  const m = useMessages(messages);
  const { codesText } = useMessages(passkeyMessages);
  return (
    <AccountPage title={m.codesTitle} intro={codesText}>
      <RecoveryCodes codes={codes} onSaved={onSaved} />
    </AccountPage>
  );
}

function OtherWay({ onClick, children }: { readonly onClick: () => void; readonly children: string }) {
  return (
    <p className="mt-5 text-center text-sm">
      <button type="button" onClick={onClick} className="rounded-md text-accent-ink underline-offset-4 hover:underline">
        {children}
      </button>
    </p>
  );
}
