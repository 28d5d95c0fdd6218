// Ends with an error if this Node is outside the range that the packages in clients/ declare as "engines".
const { readFileSync } = require("fs");
const { join } = require("path");

const own = process.versions.node.split(".").map(Number);

/** Whether this Node is in a range such as "^22.12.0 || >=24.0.0". */
function isIn(range) {
  return range.split(" || ").some((part) => {
    const match = /^(\^|>=)(\d+)\.(\d+)\.(\d+)$/.exec(part);
    if (match === null) throw new Error(`not understood in "engines": ${part}`);
    const from = match.slice(2).map(Number);
    const differs = own.findIndex((number, i) => number !== from[i]);
    return (differs === -1 || own[differs] > from[differs]) && (match[1] === ">=" || own[0] === from[0]);
  });
}

for (const name of ["typescript", "console"]) {
  const path = join(__dirname, "../../clients", name, "package.json");
  const range = JSON.parse(readFileSync(path, "utf8")).engines.node;
  if (isIn(range)) continue;
  console.error(`Node ${process.versions.node} is too old for clients/${name}, which takes ${range}.`);
  process.exit(1);
}
