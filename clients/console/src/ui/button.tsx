import clsx from "clsx";
import { type ComponentProps, cloneElement, isValidElement, type ReactNode } from "react";

const variants = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong shadow-card",
  secondary: "bg-surface border border-line-strong/60 text-ink hover:bg-sunken shadow-card",
  ghost: "text-ink hover:bg-sunken",
  danger: "bg-danger text-on-danger hover:bg-danger-strong shadow-card",
};

const sizes = {
  sm: "h-8 px-2.5 text-sm gap-1.5 pointer-coarse:h-10",
  md: "h-9.5 px-3.5 text-sm gap-2 pointer-coarse:h-11",
  lg: "h-11 px-5 text-base gap-2",
};

const base =
  "inline-flex shrink-0 items-center justify-center rounded-lg font-medium whitespace-nowrap select-none transition-colors " +
  "disabled:opacity-55 aria-disabled:opacity-55 [&>svg]:size-4 [&>svg]:shrink-0";

export interface ButtonProps extends ComponentProps<"button"> {
  readonly variant?: keyof typeof variants;
  readonly size?: keyof typeof sizes;
  /** Gives the look to the child, such as a Link, instead of rendering a button. */
  readonly asChild?: boolean;
}

export function Button({ variant = "secondary", size = "md", asChild = false, className, ...props }: ButtonProps) {
  const look = clsx(base, variants[variant], sizes[size], className);
  if (asChild && isValidElement<{ className?: string }>(props.children)) {
    const { children, ...rest } = props;
    return cloneElement(children, { ...rest, className: clsx(look, children.props.className) });
  }
  return <button type="button" className={look} {...props} />;
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "aria-label"> {
  /** What the button does: its name for screen readers, and its tooltip. */
  readonly label: string;
  readonly children: ReactNode;
}

export function IconButton({ label, variant = "ghost", size = "md", className, ...props }: IconButtonProps) {
  const square = { sm: "w-8 pointer-coarse:w-10", md: "w-9.5 pointer-coarse:w-11", lg: "w-11" }[size];
  return (
    <Button
      aria-label={label}
      title={label}
      variant={variant}
      size={size}
      className={clsx("px-0!", square, className)}
      {...props}
    />
  );
}
