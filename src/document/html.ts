import type { Block } from "./blocks.js";

/** One page that needs nothing else: it can be mailed, and printed. */
export function toHtml(blocks: readonly Block[]): string {
  const title = blocks.find((block) => block.kind === "title");
  let heading = "";
  const texts = blocks.map((block) => {
    if (block.kind === "heading") heading = block.text;
    return blockText(block, heading);
  });
  return htmlPage(title?.kind === "title" ? title.text : "Dataflow", texts.join("\n"));
}

/** A page in the house style; also the QA report is one. Whatever its words hold, it loads nothing and runs nothing. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
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

/** A table of rows that are HTML already. Where it is wider than the screen it scrolls by itself, with the keyboard, too. */
export const htmlTable = (label: string, header: readonly string[], rows: readonly string[]): string =>
  `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(label)}"><table><thead><tr>${header
    .map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`)
    .join("")}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>`;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (found) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[found] ?? found);

/** `heading`: that of the section in which it stands. */
function blockText(block: Block, heading: string): string {
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
      return htmlTable(heading, block.header, block.rows.map(tableRow));
  }
}

const tableRow = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`)).join("")}</tr>`;

/** Where a heading is found on its page. */
export const anchor = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const style = `
:root { color-scheme: light dark; --page: #f5f6f8; --paper: #fff; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --head: #f0f2f5;
  --good: #1a7f43; --bad: #b42318; --bad-row: #fdf0ee; --note: #fff7e0; --note-line: #d49b00; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --page: #11151b; --paper: #1a2029; --ink: #e6eaf0; --soft: #a3aebd; --line: #343d4a; --head: #242c37;
  --good: #5fd38d; --bad: #ff9a8d; --bad-row: #3a2023; --note: #332b13; --note-line: #d49b00; --link: #86bdf5; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
main { max-width: 70rem; margin: 2rem auto; padding: 2rem 2.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; line-height: 1.25; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; } a { color: var(--link); }
p, ul { max-width: 52rem; } aside { max-width: 50rem; padding: .7rem 1rem; background: var(--note); border-left: 4px solid var(--note-line); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .92em; }
th, td { padding: .38rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: break-word; }
thead th { background: var(--head); } tbody th { font-weight: 400; } .soft { color: var(--soft); }
.mark { width: 1.5rem; text-align: center; } .mark span, span.passed, span.failed { font-weight: 700; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.passed > span, span.passed { color: var(--good); } .failed > span, span.failed { color: var(--bad); } tr.failed > * { background: var(--bad-row); } tr.skipped > * { color: var(--soft); }
.verdict { display: inline-block; padding: .35rem .9rem; border: 2px solid; border-radius: 6px; font-weight: 600; } .verdict.passed { color: var(--good); } .verdict.failed { color: var(--bad); }
code { font-size: .95em; overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 45rem) { main { margin: 0; padding: 1.1rem; border: 0; border-radius: 0; } table { font-size: .88em; } th, td { padding: .3rem .4rem; } }
@media print { :root { color-scheme: light; --page: #fff; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --head: #eee; --good: #146335; --bad: #8f1c13; --bad-row: #fff; --note: #fff; --link: #000; }
  main { max-width: none; margin: 0; padding: 0; border: 0; } .wide { overflow: visible; } h2 { break-after: avoid; } tr { break-inside: avoid; } body { font-size: 11px; } }
`;
