import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { retargets } from "../../src/domain/dataflow.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const architecture = read("ARCHITECTURE.md");

/** The rows of the table of lines: a file, left out where it is the one above, and the code of it. */
function linesShown(): readonly (readonly [string, string])[] {
  let file = "";
  return architecture.split("\n").flatMap((line): [string, string][] => {
    const [, path, code] = /^\| (?:`([^`]+)` )?\| `([^`]+)`.*\|$/.exec(line) ?? [];
    file = path ?? file;
    return code === undefined ? [] : [[file, code]];
  });
}

describe("what ARCHITECTURE.md shows of a new dataflow", () => {
  it("is the entry of the table as it stands in the code", () => {
    const entry = /```ts\n([\s\S]*?)```/.exec(architecture)?.[1] ?? "";
    expect(read("src/domain/dataflow.ts")).toContain(`export const retargets: readonly Dataflow[] = [\n${entry}];`);
    expect(retargets.map(({ exact }) => exact)).toEqual(["Items"]);
  });

  it("are lines that stand where it says", () => {
    const shown = linesShown();
    expect(shown.length).toBe(11);
    for (const [file, code] of shown) expect([file, read(file).includes(code)]).toEqual([file, true]);
  });

  it("are all the places outside the sandbox that know of items", () => {
    const named = new Set(["src/domain/dataflow.ts", ...linesShown().map(([file]) => file)]);
    const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !file.startsWith("sandbox/"));
    const knowing = files.map((file) => `src/${file}`).filter((file) => /"Items"|\bItems:/.test(read(file)));
    expect(knowing.filter((file) => !named.has(file))).toEqual([]);
  });
});
