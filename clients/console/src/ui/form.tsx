import { type FieldViolation, fieldViolations, isReason } from "@zebrands/catalog";
import clsx from "clsx";
import {
  type ComponentProps,
  createContext,
  type FormEvent,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";
import { useFormat, useMessages } from "@/i18n";
import { sentence, useDescribeError, useDescribeViolation } from "@/lib/errors";
import { Alert } from "./alert";
import { Button, type ButtonProps } from "./button";
import { FieldErrors } from "./field";
import { messages } from "./messages";

const Pending = createContext(false);

/** Reasons that blame one field, and its name. */
const blamedByReason = [
  ["SKU_TAKEN", "sku"],
  ["EMAIL_TAKEN", "email"],
  ["PASSWORD_INCORRECT", "current_password"],
  ["PASSWORD_INCORRECT", "password"],
  ["SECOND_FACTOR_FAILED", "recovery_code"],
] as const;

interface FormProps extends Omit<ComponentProps<"form">, "onSubmit" | "action"> {
  /** Sends the form. What it throws is shown: at the fields that the server blames, the rest above the form. */
  readonly onSubmit: (data: FormData) => Promise<unknown>;
  /** What the server's field paths begin with and the names of the fields do not, such as "product.". */
  readonly prefix?: string;
  readonly children: ReactNode;
}

interface Problems {
  readonly fields: Readonly<Record<string, string>>;
  readonly form?: string;
}

/**
 * A form whose fields are named as in the request. It checks required, type, minLength and maxLength of its inputs in the user's
 * language, then sends, then shows what the server refused where it belongs.
 */
export function Form({ onSubmit, prefix = "", className, children, ...props }: FormProps) {
  const [pending, setPending] = useState(false);
  const [problems, setProblems] = useState<Problems>({ fields: {} });
  const form = useRef<HTMLFormElement>(null);
  const describe = useDescribeError();
  const describeViolation = useDescribeViolation();
  const checkInputs = useInputCheck();

  // The first field that is wrong gets the cursor.
  useEffect(() => {
    if (Object.keys(problems.fields).length > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [problems]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    event.stopPropagation();
    const fields = checkInputs(event.currentTarget);
    setProblems({ fields });
    if (pending || Object.keys(fields).length > 0) return;
    setPending(true);
    try {
      await onSubmit(new FormData(event.currentTarget));
    } catch (error) {
      // Whoever does not want to prove who they are has the form as it was.
      if (isReason(error, "REAUTHENTICATION_REQUIRED")) return;
      setProblems(problemsOf(error, prefix, form.current, describe, describeViolation));
    } finally {
      setPending(false);
    }
  }

  return (
    <form ref={form} noValidate onSubmit={submit} className={clsx("flex flex-col gap-5", className)} {...props}>
      {problems.form !== undefined && <Alert tone="danger">{problems.form}</Alert>}
      <Pending value={pending}>
        <FieldErrors value={problems.fields}>{children}</FieldErrors>
      </Pending>
    </form>
  );
}

/** Sends the form around it; busy for as long as that takes. */
export function SubmitButton({ children, className, ...props }: ButtonProps) {
  const pending = useContext(Pending);
  return (
    <Button
      type="submit"
      variant="primary"
      aria-disabled={pending}
      className={clsx(pending && "animate-pulse", className)}
      {...props}
    >
      {children}
    </Button>
  );
}

/** Sorts what the server refused into fields of the form and the rest. */
function problemsOf(
  error: unknown,
  prefix: string,
  form: HTMLFormElement | null,
  describe: (error: unknown) => string,
  describeViolation: (violation: FieldViolation) => string,
): Problems {
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  const names = new Set([...(form?.elements ?? [])].map((input) => input.getAttribute("name")));
  // What there are words for in the person's language goes before what the server says.
  const blamed = blamedByReason.find(([reason, name]) => isReason(error, reason) && names.has(name));
  if (blamed !== undefined) return { fields: { [blamed[1]]: describe(error) } };
  for (const violation of fieldViolations(error)) {
    const { field } = violation;
    const text = describeViolation(violation);
    const path = field.startsWith(prefix) ? field.slice(prefix.length) : field;
    if (names.has(path) || names.has(path.replace(/\[.*$/, ""))) fields[path] ??= sentence(text);
    else rest.push(sentence(`${field}: ${text}`));
  }
  if (Object.keys(fields).length > 0) return { fields, ...(rest.length > 0 && { form: rest.join(" ") }) };
  return { fields, form: describe(error) };
}

/** Returns a function that returns what is wrong with a form's inputs as they are now. */
function useInputCheck() {
  const m = useMessages(messages);
  const format = useFormat();
  return (form: HTMLFormElement) => {
    const errors: Record<string, string> = {};
    for (const input of form.elements) {
      if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement || input instanceof HTMLSelectElement))
        continue;
      const { name, validity } = input;
      if (name === "" || validity.valid) continue;
      if (validity.valueMissing) errors[name] = m.required;
      else if (validity.typeMismatch) errors[name] = input.type === "email" ? m.notAnEmail : m.notAUrl;
      else if (validity.tooShort && "minLength" in input) errors[name] = m.tooShort(format.number(input.minLength));
      else if (validity.tooLong && "maxLength" in input) errors[name] = m.tooLong(format.number(input.maxLength));
      else errors[name] = input.validationMessage || m.notValid;
    }
    return errors;
  };
}
