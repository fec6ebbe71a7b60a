import type { WorldReport } from "./world.js";

/** A broken world as a person needs it: what was broken, how to run it again, and what led there. */
export function showWorld({ seed, violations, trace, digest }: WorldReport, options: { readonly lines?: number; readonly faults?: number } = {}): string {
  const { lines = 40, faults = 1 } = options;
  const again = `npm run worlds -- --only ${seed}${faults === 1 ? "" : ` --faults ${faults}`} --trace`;
  const told = violations.slice(0, 10).map((one) => `  ${one}`);
  return [
    `World ${seed} (digest ${digest}) broke ${violations.length} promises. Again: ${again}`,
    ...told,
    ...(lines > 0 ? ["  …", ...trace.slice(-lines).map((line) => `    ${line.slice(0, 240)}`)] : []),
  ].join("\n");
}
