#!/bin/sh
# Brings internal/tracking/bots.txt up to date with the npm package crawler-user-agents, and the
# sample of User-Agents that its test reads. Usage: scripts/update-bots.sh [VERSION]
set -eu
cd "$(dirname "$0")/../internal/tracking"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "crawler-user-agents@${1:-latest}" >/dev/null
tar -xzf "$work"/*.tgz -C "$work"
mkdir -p testdata
node - "$work/package" <<'JS'
const fs = require("fs");
const dir = process.argv[2];
const { version } = JSON.parse(fs.readFileSync(`${dir}/package.json`));
const list = JSON.parse(fs.readFileSync(`${dir}/crawler-user-agents.json`));
const licence = fs.readFileSync(`${dir}/LICENSE`, "utf8").trim().split("\n");
const head = [`crawler-user-agents ${version}, https://github.com/monperrus/crawler-user-agents`,
  "One regular expression a line. Made by scripts/update-bots.sh; do not edit.", "", ...licence];
const patterns = list.map((e) => e.pattern);
fs.writeFileSync("bots.txt", [...head.map((l) => `# ${l}`.trimEnd()), ...patterns, ""].join("\n"));
const sample = list.filter((e) => e.instances.length).map((e) => `${e.pattern}\t${e.instances[0]}`);
fs.writeFileSync("testdata/agents.tsv", [...sample, ""].join("\n"));
JS
echo "internal/tracking: review the diff, then go test ./internal/tracking"
