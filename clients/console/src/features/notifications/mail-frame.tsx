import { useEffect, useRef, useState } from "react";

/** What the frame holds before the mail is put in: without it the page would be in quirks mode. */
const blank = '<!doctype html><html><head><title>Mail</title><base target="_blank"></head><body></body></html>';

/**
 * A mail's HTML as its reader sees it. Nothing in it runs: the frame is sandboxed without scripts. The frame inherits the content
 * security policy, which refuses style elements and attributes; so its styles are put in as objects, which the policy leaves to
 * the page that holds it. Links open in a tab of their own.
 */
export function MailFrame({ html, title }: { readonly html: string; readonly title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [loaded, setLoaded] = useState(0);
  const [height, setHeight] = useState(320);

  useEffect(() => {
    const inside = frame.current?.contentDocument;
    if (loaded === 0 || !inside) return;
    render(html, inside);
    const measure = () => setHeight(Math.ceil(inside.documentElement.getBoundingClientRect().height));
    const observer = new ResizeObserver(measure);
    observer.observe(inside.documentElement);
    return () => observer.disconnect();
  }, [html, loaded]);

  return (
    <iframe
      ref={frame}
      title={title}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      srcDoc={blank}
      onLoad={() => setLoaded((times) => times + 1)}
      className="block w-full bg-surface"
      style={{ height }}
    />
  );
}

/** Marks what was a style element. */
const styleType = "text/x-mail-style";

/** Returns HTML whose style elements are scripts that nobody runs: the policy refuses the former, and says so, even where they do nothing. */
function withoutStyleElements(html: string): string {
  return html.replace(/<style\b/gi, `<script type="${styleType}"`).replace(/<\/style\b/gi, "</script");
}

/** Puts a mail into an empty document. */
function render(html: string, into: Document): void {
  const mail = new DOMParser().parseFromString(withoutStyleElements(html), "text/html");
  const view = into.defaultView as (Window & typeof globalThis) | null;
  if (view === null) return;
  into.adoptedStyleSheets = [...mail.querySelectorAll(`script[type="${styleType}"]`)].map((style) => {
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(style.textContent ?? "");
    return sheet;
  });
  for (const unwanted of mail.querySelectorAll("script, link, meta, base, iframe, object, embed, form")) unwanted.remove();
  into.documentElement.lang = mail.documentElement.lang;
  into.body.replaceChildren(...into.adoptNode(mail.body).childNodes);
  for (const element of into.body.querySelectorAll<HTMLElement>("[style]")) {
    const style = element.getAttribute("style") ?? "";
    element.removeAttribute("style");
    element.style.cssText = style;
  }
  for (const link of into.body.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}
