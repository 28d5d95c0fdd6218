/** Browsers by what only they say of themselves, the most particular first. */
const browsers = [
  ["Edge", /\bEdgA?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(HeadlessChrome|Chrome|CriOS)\//],
  ["Safari", /\bVersion\/\S+ (Mobile\/\S+ )?Safari\//],
] as const;

const systems = [
  ["Android", /\bAndroid\b/],
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
] as const;

/** What signed in. */
export interface Device {
  /** Such as "Firefox", or the program's own name such as "curl"; empty if it did not say. */
  readonly program: string;
  /** Such as "Windows"; undefined if it did not say. */
  readonly system: string | undefined;
  readonly mobile: boolean;
}

/** Returns what a User-Agent header says to people. */
export function describeUserAgent(userAgent: string): Device {
  const system = systems.find(([, pattern]) => pattern.test(userAgent))?.[0];
  return {
    program: browsers.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? /^[\w.-]+/.exec(userAgent)?.[0] ?? "",
    system,
    mobile: system === "Android" || system === "iPhone" || system === "iPad",
  };
}
