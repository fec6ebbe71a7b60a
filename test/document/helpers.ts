import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Block } from "../../src/document/blocks.js";
import { readRst } from "../../src/document/read-rst.js";

export const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");

/** Prints what docutils has read as our blocks: what it would not call one of these stands there under its own name. */
const script = `
import json, sys
from docutils import __version__, nodes
from docutils.core import publish_doctree

def flat(node):
    return " ".join(node.astext().split())

def blocks(node, level):
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from blocks(child, level + 1)
        elif isinstance(child, nodes.title):
            yield {"kind": ["document", "title", "heading"][min(level, 2)], "text": child.astext()}
        elif isinstance(child, nodes.paragraph):
            yield {"kind": "paragraph", "text": flat(child)}
        elif isinstance(child, nodes.note):
            yield {"kind": "note", "text": flat(child)}
        elif isinstance(child, nodes.table):
            head, body = ([[flat(cell) for cell in row.children] for part in child.findall(kind) for row in part.children] for kind in (nodes.thead, nodes.tbody))
            yield {"kind": "table", "header": head[0], "rows": body}
        else:
            yield {"kind": child.tagname, "text": child.astext()}

def read(text, level):
    settings = {"report_level": level, "halt_level": level, "warning_stream": False, "doctitle_xform": False, "docinfo_xform": False}
    return list(blocks(publish_doctree(text, settings_overrides=settings), 0))

def strictly(text):
    # Whatever docutils would remark upon stops it.
    try:
        return {"blocks": read(text, 1)}
    except Exception as error:
        return {"fault": str(error)}

given = json.load(sys.stdin)
# Leniently nothing stops it, and what it could not read is left out.
read_all = {name: {**strictly(text), "lenient": read(text, 5)} for name, text in given.items()}
print(json.dumps({"version": __version__, "read": read_all}))
`;

export interface Docutils {
  readonly version: string;
  /** By the names of the documents. */
  readonly read: {
    readonly [name: string]: {
      readonly blocks?: readonly Block[];
      /** Why the document is none. */
      readonly fault?: string;
      /** What can be read of it nevertheless. */
      readonly lenient: readonly Block[];
    };
  };
}

/**
 * What docutils reads in these documents, all in one process, as its start takes longer than all of them; null on a machine without it. `npm test`
 * names a Python that has it; a vitest of its own tries the first on the PATH.
 */
export function readByDocutils(documents: { readonly [name: string]: string }): Docutils | null {
  try {
    const printed = execFileSync(process.env.DOCUTILS_PYTHON || "python3", ["-c", script], {
      input: JSON.stringify(documents),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
    return JSON.parse(printed) as Docutils;
  } catch (error) {
    if (process.env.CI === "true")
      throw new Error("With CI=true docutils must read the document: run npm test, or install python3-docutils.", { cause: error });
    return null;
  }
}

export const readByUs = (text: string): readonly Block[] => readRst(text).map(({ line, ...block }) => block);

export const headingsOf = (blocks: readonly Block[]): readonly string[] => blocks.flatMap((block) => (block.kind === "heading" ? [block.text] : []));
