// Fails if the package would hold anything but what its users need.
import { execFileSync } from "node:child_process";

const expected = [
  /^package\.json$/,
  /^README\.md$/,
  /^CHANGELOG\.md$/,
  /^LICENSE$/,
  /^dist\/(?:gen\/(?:[a-z0-9]+\/)+)?[a-z_-]+\.(?:js|d\.ts)$/,
];
const required = ["README.md", "CHANGELOG.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "dist/node.js", "dist/react.js"];

const answer = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8" }));
const [{ files, size }] = Object.values(answer); // an array, or an object by name, as npm's version has it
const paths = files.map(({ path }) => path);
const surplus = paths.filter((path) => !expected.some((pattern) => pattern.test(path)));
const missing = required.filter((path) => !paths.includes(path));
if (surplus.length > 0 || missing.length > 0) {
  console.error(`not meant to be in the package: ${surplus.join(", ") || "–"}; missing: ${missing.join(", ") || "–"}`);
  process.exit(1);
}
console.log(`${paths.length} files, ${(size / 1000).toFixed(1)} kB packed`);
