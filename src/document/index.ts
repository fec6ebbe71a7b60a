import { toHtml } from "./html.js";
import { toMarkdown } from "./md.js";
import type { DataflowDocument } from "./model.js";
import { toRst } from "./rst.js";
import { toBlocks } from "./to-blocks.js";

export { documentOf } from "./from-table.js";
export { anchor, escapeHtml, htmlPage, htmlTable } from "./html.js";
export type { DataflowDocument, Section, SectionRow } from "./model.js";
export { type ParsedDocument, parseDocument } from "./parse.js";
export { DocumentError } from "./read-rst.js";
export { tableOf } from "./to-table.js";

/** What a document can be written as. */
export const documentWriters = {
  rst: (document: DataflowDocument): string => toRst(toBlocks(document)),
  md: (document: DataflowDocument): string => toMarkdown(toBlocks(document)),
  html: (document: DataflowDocument): string => toHtml(toBlocks(document)),
  json: (document: DataflowDocument): string => `${JSON.stringify(document, null, 2)}\n`,
} as const;
export type DocumentFormat = keyof typeof documentWriters;
