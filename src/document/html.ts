import type { Block } from "./blocks.js";

/** One page that needs nothing else: it can be mailed, and printed. */
export function toHtml(blocks: readonly Block[]): string {
  const title = blocks.find((block) => block.kind === "title");
  return htmlPage(title?.kind === "title" ? title.text : "Dataflow", blocks.map(blockText).join("\n"));
}

/** A page in the house style; also the QA report is one. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;

export const htmlTable = (header: readonly string[], rows: readonly string[]): string =>
  `<div class="wide"><table><thead><tr>${header.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join("")}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>`;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (found) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[found] ?? found);

function blockText(block: Block): string {
  switch (block.kind) {
    case "title":
      return `<h1>${escapeHtml(block.text)}</h1>`;
    case "heading":
      return `<h2 id="${anchor(block.text)}">${escapeHtml(block.text)}</h2>`;
    case "paragraph":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "note":
      return `<aside><strong>Note.</strong> ${escapeHtml(block.text)}</aside>`;
    case "table":
      return htmlTable(
        block.header,
        block.rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`),
      );
  }
}

const anchor = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const style = `
:root { color-scheme: light; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --good: #1a7f43; --bad: #b42318; }
body { margin: 0; background: #f5f6f8; color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
main { max-width: 70rem; margin: 2rem auto; padding: 2rem 2.5rem; background: #fff; border: 1px solid var(--line); border-radius: 8px; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; } h3 { margin: 1.5rem 0 .4rem; font-size: 1rem; }
p { max-width: 52rem; } aside { max-width: 50rem; padding: .7rem 1rem; background: #fff7e0; border-left: 4px solid #d49b00; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .92em; }
th, td { padding: .38rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { background: #f0f2f5; } td.mark { width: 1.5rem; font-weight: 700; text-align: center; } .soft { color: var(--soft); }
span.passed, td.mark.passed { color: var(--good); } span.failed, td.mark.failed { color: var(--bad); } tr.failed td { background: #fdf0ee; } tr.skipped td { color: var(--soft); }
.verdict { display: inline-block; padding: .35rem .9rem; border-radius: 6px; color: #fff; font-weight: 600; } .verdict.passed { background: var(--good); color: #fff; } .verdict.failed { background: var(--bad); color: #fff; }
code { font-size: .95em; overflow-wrap: anywhere; }
@media print { body { background: #fff; } main { border: 0; margin: 0; padding: 0; } }
`;
