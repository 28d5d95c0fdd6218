import clsx from "clsx";
import { type ReactNode, useRef } from "react";
import { useMessages } from "@/i18n";
import { fieldRow, fieldValue, propertyOf, shownFields, type Values } from "@/lib/product/fields";
import { Form } from "@/ui/form";
import { editorOf } from "./editors";
import { messages } from "./messages";

interface ProductFormProps {
  readonly initial: Values;
  /** Saves. What it throws is shown at the fields that the server blames. */
  readonly onSubmit: (values: Values) => Promise<unknown>;
  readonly onDirty?: () => void;
  /** The buttons at the end. */
  readonly children: ReactNode;
}

/** Where a keyboard on the screen would cover the form, it only comes when asked for. */
const hasMouse = matchMedia("(pointer: fine)").matches;

/** Every field of a product. Inputs are named as the server names them when it blames them. */
export function ProductForm({ initial, onSubmit, onDirty, children }: ProductFormProps) {
  const m = useMessages(messages);
  const values = useRef(initial);
  return (
    <Form onSubmit={() => onSubmit(values.current)} prefix="product." onInput={() => onDirty?.()}>
      <div className="grid gap-5 sm:grid-cols-2">
        {shownFields.map((field, index) => {
          const Editor = editorOf(field);
          const { required = false, half } = fieldRow(field);
          return (
            <div key={field} className={clsx("min-w-0", !half && "sm:col-span-2")}>
              <Editor
                label={m[field]}
                name={field}
                required={required}
                autoFocus={index === 0 && hasMouse}
                initial={fieldValue(initial, field)}
                onChange={(value) => {
                  values.current = { ...values.current, [propertyOf(field)]: value };
                  onDirty?.();
                }}
              />
            </div>
          );
        })}
      </div>
      {children}
    </Form>
  );
}
