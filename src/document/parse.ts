import type { NamedRule } from "../domain/dataflow-sentences.js";
import type { DataflowDocument, Section } from "./model.js";
import { DocumentError, type LocatedBlock, readRst } from "./read-rst.js";
import { readSentence, type Said, type SectionNames } from "./read-sentence.js";
import { matchesOf, overridesIn, rowsOf } from "./read-tables.js";

export interface ParsedDocument {
  readonly document: DataflowDocument;
  /** Sentences of the sections that no rule was read from; the reader of a rule must not overlook them. */
  readonly unread: readonly { readonly line: number; readonly text: string }[];
}

/** Reads a dataflow document, ours or one of the format's originals, back into rules. Throws `DocumentError` where it is not of the format. */
export function parseDocument(text: string): ParsedDocument {
  const blocks = readRst(text);
  const title = blocks[0];
  const names = title?.kind === "title" ? /^(.*) to (.*?) ?Dataflow$/.exec(title.text) : null;
  if (!title || !names) throw new DocumentError(title?.line ?? 1, 'expected the title "<source> to <target> Dataflow" between two lines of "=".');
  const [source, target] = [names[1] ?? "", names[2] ?? ""];
  const generated = blocks
    .map((block) => (block.kind === "paragraph" ? /^Generated: (\S+ \S+)$/.exec(block.text)?.[1] : undefined))
    .find((time) => time !== undefined);

  const starts = blocks.flatMap((block, i) => (block.kind === "heading" && !/^Introduction\.?$/.test(block.text) ? [i] : []));
  const unread: { line: number; text: string }[] = [];
  const sections = starts.map((start, i) => sectionOf(blocks.slice(start, starts[i + 1] ?? blocks.length), source, target, unread));
  return { document: { source, target, generated: generated ?? null, sections }, unread };
}

/** What a section's sentences have said so far. */
type Draft = { -readonly [K in keyof Section]?: Section[K] } & { isLinkNeeded?: boolean };

function sectionOf(blocks: readonly LocatedBlock[], source: string, target: string, unread: { line: number; text: string }[]): Section {
  const [heading, ...body] = blocks;
  const names = heading?.kind === "heading" ? namesOf(heading, source, target) : null;
  if (!heading || !names) throw new DocumentError(heading?.line ?? 1, "expected a heading.");
  const draft: Draft = {};
  for (let i = 0; i < body.length; i++) {
    const block = body[i];
    if (!block) break;
    if (block.kind === "note") draft.remark = block.text;
    else if (block.kind === "paragraph") {
      const said = readSentence(block.text, names);
      const table = body[i + 1];
      if (said === null) unread.push({ line: block.line, text: block.text });
      else if ("table" in said) {
        if (table?.kind !== "table") throw new DocumentError(block.line, "expected a table after this sentence.");
        takeTable(draft, said.table, table);
        i++;
      } else take(draft, said);
    } else throw new DocumentError(block.line, `a ${block.kind} without the sentence that says what it is.`);
  }
  const create = draft.create ?? (draft.isLinkNeeded ? ({ kind: "never" } satisfies NamedRule) : undefined);
  if (!create) throw new DocumentError(heading.line, "this section does not say when a counterpart is created.");
  if (!draft.rows) throw new DocumentError(heading.line, "this section has no property table.");
  return {
    source: names.source.type,
    target: names.target.type,
    create,
    createBack: draft.createBack ?? null,
    match: draft.match ?? [],
    onDelete: draft.onDelete ?? null,
    exactDefaults: draft.exactDefaults ?? {},
    externalId: draft.externalId ?? null,
    remark: draft.remark ?? null,
    overrides: draft.overrides ?? [],
    rows: draft.rows,
  };
}

/** Some originals leave a system's name out of a heading, which leaves two spaces there. */
function namesOf({ text, line }: LocatedBlock & { kind: "heading" }, source: string, target: string): SectionNames {
  const halves = text.split(/ to /);
  if (halves.length !== 2) throw new DocumentError(line, `expected the heading "<${source} type> to <${target} type>".`);
  const side = (half: string, system: string) => ({ system, type: half.startsWith(`${system} `) ? half.slice(system.length + 1) : half.trim() });
  return { source: side(halves[0] ?? "", source), target: side(halves[1] ?? "", target) };
}

function take(draft: Draft, said: Exclude<Said, { table: string }>): void {
  if ("linkNeeded" in said) draft.isLinkNeeded = true;
  else Object.assign(draft, said);
}

function takeTable(draft: Draft, what: "match" | "properties" | "overrides", table: LocatedBlock & { kind: "table" }): void {
  if (what === "match") draft.match = matchesOf(table);
  else if (what === "overrides") draft.overrides = overridesIn(table);
  else draft.rows = rowsOf(table);
}
