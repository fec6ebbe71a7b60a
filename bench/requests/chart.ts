import type { Duel } from "./duel.js";

const width = 720;
const left = 250;
const right = 90;
const rowHeight = 22;

/** Tandem's multiple of each rival, workload by workload; the line marks as many. */
export function barChart(duels: readonly Duel[]): string {
  const rows = duels.flatMap(({ workload, standings }) => [
    { text: workload.title, ratio: null },
    ...standings.slice(1).map(({ server, ratio }) => ({ text: server.title, ratio })),
  ]);
  const most = Math.max(1, ...rows.map(({ ratio }) => ratio?.most ?? 0));
  const x = (value: number) => left + (value / most) * (width - left - right);
  const drawn = rows.map(({ text, ratio }, i) => {
    const y = 20 + i * rowHeight;
    if (!ratio) return label(10, y + 15, text, ' font-weight="bold"');
    const bar = `<rect x="${left}" y="${y + 3}" width="${fixed(x(ratio.median) - left)}" height="${rowHeight - 8}" fill="#3b6ea5"/>`;
    const range = `<path d="M${fixed(x(ratio.least))} ${y + 10}H${fixed(x(ratio.most))}" stroke="#111" stroke-width="1.5"/>`;
    return label(24, y + 15, text) + bar + range + label(x(ratio.most) + 8, y + 15, `× ${ratio.median.toFixed(2)}`);
  });
  const bottom = 20 + rows.length * rowHeight;
  const same = `<path d="M${fixed(x(1))} 14V${bottom}" stroke="#b33" stroke-dasharray="4 3"/>`;
  return svg(bottom + 12, [...drawn, same]);
}

const label = (x: number, y: number, text: string, more = ""): string => `<text x="${fixed(x)}" y="${y}"${more}>${escaped(text)}</text>`;
const fixed = (value: number): string => value.toFixed(1);
const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/`/g, "");

const svg = (height: number, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><title>Requests per CPU second: Tandem's multiple of each rival</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
