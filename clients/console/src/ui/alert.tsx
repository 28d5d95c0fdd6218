import clsx from "clsx";
import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const tones = {
  info: { className: "bg-accent-soft text-accent-ink", Icon: Info },
  success: { className: "bg-success-soft text-success-ink", Icon: CircleCheck },
  warning: { className: "bg-warning-soft text-warning-ink", Icon: TriangleAlert },
  danger: { className: "bg-danger-soft text-danger-ink", Icon: CircleAlert },
};

/** Something that the reader of this place must know. Screen readers say it when it appears. */
export function Alert({ tone = "info", children }: { readonly tone?: keyof typeof tones; readonly children: ReactNode }) {
  const { className, Icon } = tones[tone];
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={clsx("flex items-start gap-2.5 rounded-lg px-3.5 py-2.5 text-sm", className)}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 wrap-anywhere">{children}</div>
    </div>
  );
}
