import type { Block } from "./blocks.js";

/** Markdown with tables, as GitHub shows it. */
export function toMarkdown(blocks: readonly Block[]): string {
  return `${blocks.map(blockText).join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "title":
      return `# ${escaped(block.text)}`;
    case "heading":
      return `## ${escaped(block.text)}`;
    case "paragraph":
      return escaped(block.text);
    case "note":
      return `> **Note:** ${escaped(block.text)}`;
    case "table":
      return [row(block.header), row(block.header.map(() => "---")), ...block.rows.map((cells) => row(cells.map(escaped)))].join("\n");
  }
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const escaped = (text: string): string => text.replace(/[\\*_`|<>[\]]/g, "\\$&").replace(/&/g, "&amp;");
