import type { Duel } from "./duel.js";
import type { Growth } from "./growth.js";

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
  return svg("Requests per CPU second: Tandem's multiple of each rival", bottom + 12, [...drawn, same]);
}

const panelHeight = 170;
const colours = ["#3b6ea5", "#b3573b", "#4c8a4a"];

/** A panel for each kind of size, both axes logarithmic: a cost that grows in proportion rises as steeply as the red line. */
export function growthChart(growths: readonly Growth[]): string {
  const kinds = [...new Set(growths.map(({ of }) => of))];
  const panels = kinds.flatMap((kind, place) =>
    panel(
      kind,
      growths.filter(({ of }) => of === kind),
      20 + place * panelHeight,
    ),
  );
  return svg("CPU of one request as what it meets grows", 20 + kinds.length * panelHeight, panels);
}

function panel(kind: string, growths: readonly Growth[], top: number): readonly string[] {
  const points = growths.flatMap((one) => one.points);
  const [x0, x1] = range(points.map(({ size }) => size));
  const [y0, y1] = range(points.map(({ costMs }) => costMs));
  const bottom = top + panelHeight - 40;
  const x = (size: number) => left + ((width - left - right) * Math.log(size / x0)) / Math.log(x1 / x0);
  const y = (costMs: number) => bottom - ((bottom - top) * Math.log(costMs / y0)) / Math.log(y1 / y0);
  const lines = growths.flatMap(({ title, points: along, exponent }, i) => {
    const colour = colours[i % colours.length];
    const path = along.map(({ size, costMs }, at) => `${at === 0 ? "M" : "L"}${fixed(x(size))} ${fixed(y(costMs))}`).join("");
    const dots = along.map(({ size, costMs }) => `<circle cx="${fixed(x(size))}" cy="${fixed(y(costMs))}" r="2.5" fill="${colour}"/>`).join("");
    return [
      `<path d="${path}" stroke="${colour}" fill="none" stroke-width="1.5"/>${dots}`,
      label(10, top + 34 + 32 * i, title.length > 35 ? `${title.slice(0, 34)}…` : title, ` fill="${colour}"`),
      label(10, top + 49 + 32 * i, `size ^ ${exponent.toFixed(2)}`, ` fill="${colour}"`),
    ];
  });
  const most = Math.min(x1 / x0, y1 / y0);
  const proportional = `<path d="M${left} ${bottom}L${fixed(x(x0 * most))} ${fixed(y(y0 * most))}" stroke="#b33" stroke-dasharray="4 3"/>`;
  const ticks = [...new Set(points.map(({ size }) => size))].map((size) => label(x(size), bottom + 16, size.toLocaleString("en-US"), ' text-anchor="middle"'));
  return [label(10, top + 15, `By ${kind}`, ' font-weight="bold"'), proportional, ...lines, ...ticks];
}

/** Never empty, so that it can be divided by. */
const range = (values: readonly number[]): readonly [number, number] => [Math.min(...values), Math.max(...values, Math.min(...values) * 1.5)];

const label = (x: number, y: number, text: string, more = ""): string => `<text x="${fixed(x)}" y="${y}"${more}>${escaped(text)}</text>`;
const fixed = (value: number): string => value.toFixed(1);
const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/`/g, "");

const svg = (title: string, height: number, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
