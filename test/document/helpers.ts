import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readRst } from "../../src/document/read-rst.js";

export const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");

const script = `
import sys
from docutils import __version__, nodes
from docutils.core import publish_doctree
if len(sys.argv) > 1:
    print(__version__)
else:
    # Whatever docutils would remark upon stops it.
    tree = publish_doctree(sys.stdin.buffer.read().decode(), settings_overrides={"report_level": 1, "halt_level": 1, "warning_stream": False, "doctitle_xform": False})
    for section in tree.findall(nodes.section):
        tables = [len(list(t.findall(nodes.row))) for t in section.children if isinstance(t, nodes.table)]
        print(section.next_node(nodes.title).astext() + "\\t" + ",".join(map(str, tables)))
`;

/** The version of docutils on this machine; null where there is none, and our own strict reader must do. */
export const docutils: string | null = run(["--version"], "");

export interface CheckedSection {
  readonly heading: string;
  /** The rows of each table, with its header. */
  readonly tables: readonly number[];
}

/** A document's sections as docutils reads them, else as our strict reader does; throws if either has anything to remark. */
export function checkRst(text: string): readonly CheckedSection[] {
  return docutils === null ? checkedByUs(text) : checkedByDocutils(text);
}

function checkedByDocutils(text: string): readonly CheckedSection[] {
  const printed = execFileSync("python3", ["-c", script], { input: text, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
  return printed
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [heading = "", tables = ""] = line.split("\t");
      return { heading, tables: tables === "" ? [] : tables.split(",").map(Number) };
    });
}

export function checkedByUs(text: string): readonly CheckedSection[] {
  const sections: { heading: string; tables: number[] }[] = [];
  for (const block of readRst(text)) {
    if (block.kind === "title" || block.kind === "heading") sections.push({ heading: block.text, tables: [] });
    if (block.kind === "table") sections.at(-1)?.tables.push(block.rows.length + 1);
  }
  return sections;
}

function run(args: readonly string[], input: string): string | null {
  try {
    return execFileSync("python3", ["-c", script, ...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}
