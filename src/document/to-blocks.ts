import {
  backSentence,
  deleteSentence,
  externalIdSentence,
  nameOf,
  onceSentence,
  ruleSentences,
  systemNames,
  withArticle,
} from "../domain/dataflow-sentences.js";
import type { Properties } from "../domain/record.js";
import type { Block } from "./blocks.js";
import type { DataflowDocument, Section, SectionRow } from "./model.js";
import { directionWords, headers, kindWords, originWords, policyWords } from "./words.js";

/** A document in the order of its format: title, time, introduction, then a section for each pair of types. */
export function toBlocks(document: DataflowDocument): readonly Block[] {
  return [
    { kind: "title", text: `${document.source} to ${document.target} Dataflow` },
    ...(document.generated === null ? [] : [paragraph(`Generated: ${document.generated}`)]),
    { kind: "heading", text: "Introduction" },
    ...introduction(document).map(paragraph),
    ...document.sections.flatMap((section) => sectionBlocks(document, section)),
  ];
}

const introduction = ({ source, target }: DataflowDocument): readonly string[] => [
  `This page says what Tandem keeps in step between ${source} and ${target}. It is generated from the table that the synchronization itself works by (npm run dataflow), so it says what runs. The same table is a checklist: npm run qa tries out every sentence and every row of it.`,
  `Each section below is a pair of record types. First come the rules: when a record of ${source} gets a counterpart in ${target}, and how one that is there already is found. Then come the properties, each with its type in ${target}, the direction in which edits travel, and which value stays when both sides were edited since they last agreed. A value that loses is kept in the history of the link.`,
];

function sectionBlocks(document: DataflowDocument, section: Section): readonly Block[] {
  const from = { system: document.source, type: section.source };
  const to = { system: document.target, type: section.target };
  const [a, b] = [nameOf(from), nameOf(to)];
  const [customcrm, exact] = from.system === systemNames.EXACT ? [to, from] : [from, to];
  return [
    { kind: "heading", text: `${a} to ${b}` },
    ...(section.remark === null ? [] : [{ kind: "note", text: section.remark } as const]),
    ...ruleSentences(section.create, from, to, section.match.length > 0).map(paragraph),
    ...(section.match.length === 0 ? [] : mergeBlocks(section, a, b)),
    ...(section.createBack === null ? [] : [paragraph(backSentence(section.createBack, to, from))]),
    paragraph(onceSentence(from, to)),
    ...(section.onDelete === null ? [] : [paragraph(deleteSentence(section.onDelete, customcrm, exact))]),
    ...(Object.keys(section.exactDefaults).length === 0 ? [] : [paragraph(`A new ${nameOf(exact)} is given ${defaultsText(section.exactDefaults)}.`)]),
    ...(section.externalId === null ? [] : [paragraph(externalIdSentence(section.externalId, customcrm, exact))]),
    ...(section.overrides.length === 0 ? [] : overrideBlocks(section)),
    paragraph(`These properties are synchronized between ${withArticle(a)} and ${withArticle(b)}:`),
    propertyTable(document, section, a, b),
  ];
}

function mergeBlocks(section: Section, a: string, b: string): readonly Block[] {
  const text = `${capitalized(withArticle(a))} matches ${withArticle(b)} if one of the following property combinations is equal and filled; the first that finds any decides:`;
  const rows = section.match.map(({ source, target }) => [source.join(" and "), target.join(" and ")]);
  return [paragraph(text), { kind: "table", header: [`${a} Property`, `${b} Property`], rows }];
}

function overrideBlocks(section: Section): readonly Block[] {
  const rows = section.overrides.map(({ setting, shipped, here }) => [setting, shipped, here]);
  return [paragraph("This site's dataflow.yml changes these settings:"), { kind: "table", header: headers.overrides, rows }];
}

function propertyTable(document: DataflowDocument, section: Section, a: string, b: string): Block {
  const isOurs = section.rows.some((row) => row.own !== null);
  const own = isOurs ? [headers.field, headers.holds, headers.direction, headers.conflict, headers.origin] : [];
  return {
    kind: "table",
    header: [`${a} Property`, `${b} Property`, `${document.target} Data Type`, ...own],
    rows: section.rows.map((row) => [row.source, row.target, row.dataType, ...(isOurs ? ownCells(row) : [])]),
  };
}

function ownCells({ own }: SectionRow): readonly string[] {
  if (own === null) return ["", "", "", "", ""];
  const holds = own.refersTo === null ? kindWords[own.kind] : `reference to ${withArticle(own.refersTo.toLowerCase())}`;
  const conflict = own.group === null ? policyWords[own.policy] : `${policyWords[own.policy]}, the ${own.group} as a whole`;
  return [own.field, holds, directionWords[own.direction], conflict, originWords[own.attested]];
}

const defaultsText = (defaults: Properties): string =>
  Object.entries(defaults)
    .map(([property, value]) => `${property} ${JSON.stringify(value)}`)
    .join(" and ");

const paragraph = (text: string): Block => ({ kind: "paragraph", text: text.replace(/\s+/g, " ").trim() });
const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
