import type { Block } from "./blocks.js";

/** reStructuredText. Ends with an empty line after the last block, as the format does. */
export function toRst(blocks: readonly Block[]): string {
  return `${blocks.map(blockText).join("\n\n")}\n\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "title":
      return `${line("=", block.text)}\n${block.text}\n${line("=", block.text)}`;
    case "heading":
      return `${block.text}\n${line("-", block.text)}`;
    case "paragraph":
      return escaped(block.text);
    case "note":
      return `.. note::\n\n   ${escaped(block.text)}`;
    case "table":
      return [".. list-table::", "   :header-rows: 1", "", ...[block.header, ...block.rows].map(rowText)].join("\n");
  }
}

const rowText = (cells: readonly string[]): string => cells.map((cell, i) => `   ${i === 0 ? "*" : " "} -${cell === "" ? "" : ` ${escaped(cell)}`}`).join("\n");

/** What would begin emphasis, a literal, a substitution or a reference is taken as itself. */
const escaped = (text: string): string => text.replace(/[\\*`|]|_(?!\w)/g, "\\$&");
const line = (character: string, text: string): string => character.repeat([...text].length);
