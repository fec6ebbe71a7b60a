import type { Block } from "./blocks.js";

/** The text is not of the format: says where and what was expected. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(`Line ${line}: ${message}`);
  }
}

export type LocatedBlock = Block & { readonly line: number };

/**
 * Reads the part of reStructuredText that dataflow documents are written in, and nothing else: a title between two lines of `=`,
 * headings over `-`, paragraphs, notes, and list tables with one header row. Strict: every line of a heading as long as its
 * text, every row as wide as its table. Throws `DocumentError`.
 */
export function readRst(text: string): readonly LocatedBlock[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((each) => each.trimEnd());
  const blocks: LocatedBlock[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at] === "") {
      at++;
      continue;
    }
    const end = endOf(lines, at);
    const [block, next] = blockAt(lines, at, end);
    blocks.push({ ...block, line: at + 1 });
    if (lines[next] !== undefined && lines[next] !== "" && block.kind !== "heading") throw new DocumentError(next + 1, "expected an empty line.");
    at = next;
  }
  return blocks;
}

function blockAt(lines: readonly string[], at: number, end: number): [Block, number] {
  const first = lines[at] ?? "";
  const second = lines[at + 1] ?? "";
  if (/^={3,}$/.test(first)) return [{ kind: "title", text: titleAt(lines, at) }, at + 3];
  if (/^-{3,}$/.test(second)) {
    underlined(first, second, at + 1);
    return [{ kind: "heading", text: first }, at + 2];
  }
  if (first === ".. list-table::") return tableAt(lines, at);
  if (first === ".. note::") return noteAt(lines, at);
  if (/^(\s|\.\. )/.test(first)) throw new DocumentError(at + 1, `"${first.trim()}" is neither a heading, a paragraph, a note nor a list table.`);
  const paragraph = lines.slice(at, end);
  const odd = paragraph.findIndex((each) => /^\s/.test(each));
  if (odd >= 0) throw new DocumentError(at + odd + 1, "a paragraph's lines begin at the margin.");
  return [{ kind: "paragraph", text: unescaped(paragraph.join(" "), at) }, end];
}

function titleAt(lines: readonly string[], at: number): string {
  const [over, text, under] = [lines[at] ?? "", lines[at + 1] ?? "", lines[at + 2] ?? ""];
  if (over !== under) throw new DocumentError(at + 3, "the lines over and under the title differ.");
  underlined(text, under, at + 2);
  return text;
}

function underlined(text: string, under: string, at: number): void {
  if (text === "" || [...text].length !== under.length) throw new DocumentError(at + 1, `the line under "${text}" must be as long as it is.`);
}

/** After the options, every row begins with `* -` and goes on with `-`, all at the same indent. */
function tableAt(lines: readonly string[], at: number): [Block, number] {
  if (lines[at + 1]?.trim() !== ":header-rows: 1") throw new DocumentError(at + 2, "expected :header-rows: 1.");
  if (lines[at + 2] !== "") throw new DocumentError(at + 3, "expected an empty line after the options.");
  const rows: string[][] = [];
  let next = at + 3;
  for (; (lines[next] ?? "") !== ""; next++) {
    const cell = /^ {3}(\*| ) -(?: (.*))?$/.exec(lines[next] ?? "");
    if (!cell) throw new DocumentError(next + 1, "expected a cell, as `   * - text` or `     - text`.");
    if (cell[1] === "*") rows.push([]);
    const row = rows.at(-1);
    if (!row) throw new DocumentError(next + 1, "the first cell of a row begins with `* -`.");
    row.push(unescaped((cell[2] ?? "").trim(), next));
  }
  const [header, ...body] = rows;
  if (!header) throw new DocumentError(at + 1, "a table needs a header row.");
  const uneven = body.findIndex((row) => row.length !== header.length);
  if (uneven >= 0) throw new DocumentError(at + 4, `row ${uneven + 1} of this table has ${body[uneven]?.length} cells, its header ${header.length}.`);
  return [{ kind: "table", header, rows: body }, next];
}

function noteAt(lines: readonly string[], at: number): [Block, number] {
  if (lines[at + 1] !== "") throw new DocumentError(at + 2, "expected an empty line after .. note::");
  const end = endOf(lines, at + 2);
  const text = lines.slice(at + 2, end);
  if (text.length === 0 || text.some((each) => !/^ {3}\S/.test(each))) throw new DocumentError(at + 3, "expected the note's text, indented by three spaces.");
  return [{ kind: "note", text: unescaped(text.map((each) => each.trim()).join(" "), at + 2) }, end];
}

/** The line of the next gap. */
function endOf(lines: readonly string[], at: number): number {
  const gap = lines.findIndex((each, i) => i >= at && each === "");
  return gap < 0 ? lines.length : gap;
}

function unescaped(text: string, at: number): string {
  const bare = text.replace(/\\./g, "");
  const markup = /[*`|]|\w_(?!\w)/.exec(bare);
  if (markup) throw new DocumentError(at + 1, `"${markup[0]}" would begin markup; it must be escaped with a backslash.`);
  return text.replace(/\\(.)/g, "$1");
}
