import { leftOutText } from "./shrink.js";
import type { WorldOptions, WorldReport } from "./world.js";

/** A broken world as a person needs it: what was broken, how to run it again, and what led there. */
export function showWorld(
  { seed, violations, trace, digest }: WorldReport,
  told: { readonly lines?: number; readonly isScript?: boolean; readonly options?: Partial<WorldOptions> } = {},
): string {
  const { lines = 40, isScript = false, options = {} } = told;
  const { faults = 1, operations = 40, without = {}, ablation = null, clients = 0, budget = false } = options;
  const left = leftOutText(without);
  const again = [
    `npm run worlds -- --only ${seed}`,
    faults === 1 ? "" : ` --faults ${faults}`,
    operations === 40 ? "" : ` --operations ${operations}`,
    clients === 0 ? "" : ` --clients ${clients}`,
    budget ? " --budget" : "",
    ablation ? ` --ablation ${JSON.stringify(ablation.name)}` : "",
    left === "" ? "" : ` --without "${left}"`,
    " --trace",
  ].join("");
  const shown = isScript ? trace.filter(isEvent) : trace;
  return [
    `World ${seed} (digest ${digest}) broke ${violations.length} promises. Again: ${again}`,
    ...violations.slice(0, 10).map((one) => `  ${one}`),
    ...(lines > 0 ? ["  …", ...shown.slice(-lines).map((line) => `    ${line.slice(0, 240)}`)] : []),
  ].join("\n");
}

/** What people did, what went wrong, and what we wrote: the rest of a trace says how the engine came to it. */
const isEvent = (line: string): boolean =>
  /^\d+ (person |client | {2}client |calm|again|\d+ ms pass|lands late|#\d+ (is killed|begins )|#\d+ (CUSTOMCRM|EXACT) (POST|PUT|PATCH|DELETE) | {2}(fault|dropped|is |blind))/.test(
    line,
  ) && !line.includes("/oauth2/");
