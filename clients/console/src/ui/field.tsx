import clsx from "clsx";
import { ChevronDown, Eye, EyeOff } from "lucide-react";
import { type ComponentProps, createContext, type ReactNode, useContext, useId, useState } from "react";
import { useMessages } from "@/i18n";
import { messages } from "./messages";

/** What is wrong with the fields of the form around, by their names. */
export const FieldErrors = createContext<Readonly<Record<string, string>>>({});

export const inputClass =
  "w-full min-w-0 rounded-lg border border-line-strong bg-surface px-3 text-ink transition-colors hover:border-ink-soft " +
  "focus-visible:border-accent focus-visible:outline-2 focus-visible:-outline-offset-1 disabled:opacity-60 " +
  "aria-invalid:border-danger aria-invalid:focus-visible:outline-danger max-sm:text-base sm:text-sm";

const heightClass = "h-9.5 pointer-coarse:h-11";

export interface FieldProps {
  readonly label: string;
  /** Its path in the request, as the server names it when it blames it: "email", "product.price.amount". */
  readonly name: string;
  readonly hint?: ReactNode;
  /** Hides the label from sight, not from screen readers. */
  readonly hideLabel?: boolean;
  readonly className?: string;
}

/** What an input needs so that its label, hint and error belong to it. */
export interface Wiring {
  readonly id: string;
  readonly name: string;
  readonly "aria-invalid": boolean | undefined;
  readonly "aria-describedby": string | undefined;
}

/** A label, an input, and a hint or what is wrong with it. The inputs below use it; use it for inputs of your own. */
export function Field({
  label,
  name,
  hint,
  hideLabel,
  className,
  optional = false,
  children,
}: FieldProps & { readonly optional?: boolean | undefined; readonly children: (wiring: Wiring) => ReactNode }) {
  const m = useMessages(messages);
  const id = useId();
  const error = useFieldError(name);
  const describedBy = error !== undefined ? `${id}-error` : hint !== undefined ? `${id}-hint` : undefined;
  return (
    <div className={clsx("flex min-w-0 flex-col gap-1.5", className)}>
      <label htmlFor={id} className={clsx("text-sm font-medium", hideLabel && "sr-only")}>
        {label}
        {optional && <span className="font-normal text-ink-soft"> · {m.optional}</span>}
      </label>
      {children({
        id,
        name,
        "aria-invalid": error === undefined ? undefined : true,
        "aria-describedby": describedBy,
      })}
      {error !== undefined && (
        <p id={`${id}-error`} className="text-sm text-danger-ink">
          {error}
        </p>
      )}
      {error === undefined && hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-ink-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

/** Returns what is wrong with a field, or with a part of it: an error of "tags[3]" belongs to "tags". */
function useFieldError(name: string): string | undefined {
  const errors = useContext(FieldErrors);
  const own = errors[name];
  if (own !== undefined) return own;
  return Object.entries(errors).find(([path]) => path.startsWith(`${name}[`))?.[1];
}

type InputProps<T extends "input" | "textarea" | "select"> = FieldProps & Omit<ComponentProps<T>, keyof FieldProps | "id">;

export function TextField({ label, name, hint, hideLabel, className, ...input }: InputProps<"input">) {
  const field = {
    label,
    name,
    ...(hint !== undefined && { hint }),
    ...(hideLabel && { hideLabel }),
    ...(className && { className }),
  };
  return (
    <Field {...field} optional={input.required !== true && input.readOnly !== true && !hideLabel}>
      {(wiring) => <input {...input} {...wiring} className={clsx(inputClass, heightClass)} />}
    </Field>
  );
}

export function TextAreaField({ label, name, hint, hideLabel, className, ...input }: InputProps<"textarea">) {
  const field = {
    label,
    name,
    ...(hint !== undefined && { hint }),
    ...(hideLabel && { hideLabel }),
    ...(className && { className }),
  };
  return (
    <Field {...field} optional={input.required !== true && !hideLabel}>
      {(wiring) => <textarea rows={4} {...input} {...wiring} className={clsx(inputClass, "py-2")} />}
    </Field>
  );
}

export function SelectField({ label, name, hint, hideLabel, className, ...input }: InputProps<"select">) {
  const field = {
    label,
    name,
    ...(hint !== undefined && { hint }),
    ...(hideLabel && { hideLabel }),
    ...(className && { className }),
  };
  return <Field {...field}>{(wiring) => <Select {...input} {...wiring} />}</Field>;
}

export function PasswordField({ label, name, hint, className, ...input }: InputProps<"input">) {
  const m = useMessages(messages);
  const [shown, setShown] = useState(false);
  const field = { label, name, ...(hint !== undefined && { hint }), ...(className && { className }) };
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field {...field}>
      {(wiring) => (
        <div className="relative">
          <input {...input} {...wiring} type={shown ? "text" : "password"} className={clsx(inputClass, heightClass, "pr-11")} />
          <button
            type="button"
            aria-label={shown ? m.hidePassword : m.showPassword}
            onClick={() => setShown(!shown)}
            className="absolute inset-y-0 right-0 grid w-10 place-items-center rounded-lg text-ink-soft hover:text-ink"
          >
            <Icon className="size-4" />
          </button>
        </div>
      )}
    </Field>
  );
}

/** A select without a label of its own: give it an aria-label, or use {@link SelectField}. */
export function Select({ className, children, ...props }: ComponentProps<"select">) {
  return (
    <div className="relative">
      <select {...props} className={clsx(inputClass, heightClass, "appearance-none pr-9", className)}>
        {children}
      </select>
      <ChevronDown className="pointer-events-none absolute inset-y-0 right-2.5 my-auto size-4 text-ink-soft" aria-hidden />
    </div>
  );
}
