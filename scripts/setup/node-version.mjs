import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";
import { SetUpError } from "./script.mjs";

/** Refuses a Node older than package.json asks for. Written in the words of old Nodes, so that they get as far as the sentence. */
export function checkNode() {
  const asked = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(">=", "");
  if (isOlder(process.versions.node, asked)) {
    throw new SetUpError(
      `Tandem needs Node ${asked} or newer and this is ${process.versions.node}: install a newer one (https://nodejs.org) and run the command again.`,
    );
  }
}

function isOlder(version, asked) {
  const [have, want] = [version, asked].map((text) => text.split(".").map(Number));
  for (let part = 0; part < want.length; part++) {
    if (have[part] !== want[part]) return have[part] < want[part];
  }
  return false;
}
