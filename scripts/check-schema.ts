// Compares schema.graphql with what src/schema and src/resolvers build now; `npm run schema` writes it anew.
import { existsSync, readFileSync } from "node:fs";
import { buildTandemSchema } from "../src/resolvers/build-schema.js";
import type { ResolverParts } from "../src/resolvers/parts.js";
import { printTandemSchema } from "../src/resolvers/print-schema.js";

const file = new URL("../schema.graphql", import.meta.url);
const kept = (existsSync(file) ? readFileSync(file, "utf8") : "").split("\n");
// Nothing is resolved here, so that no part of the house is needed.
const built = printTandemSchema(buildTandemSchema({} as ResolverParts)).split("\n");

const line = built.findIndex((text, index) => text !== kept[index]);
if (line >= 0 || kept.length !== built.length) {
  const at = line >= 0 ? line : built.length;
  process.stdout.write(`schema.graphql differs from line ${at + 1} on: run \`npm run schema\` and commit the file.\n`);
  process.stdout.write(`  it has  ${kept[at] ?? "nothing"}\n  built   ${built[at] ?? "nothing"}\n`);
  process.exitCode = 1;
}
