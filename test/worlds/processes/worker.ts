import { ablationOf } from "../ablations.js";
import { showWorld } from "../show.js";
import { type Figures, runWorld } from "../world.js";

/** What the parent sends: seeds to run, one after the other. */
interface Work {
  readonly seeds: readonly string[];
  readonly operations: number;
  readonly faults: number;
  readonly ablation: string | null;
  readonly trace: boolean;
}

/** What goes back for each world. */
export interface Done {
  readonly seed: string;
  readonly violations: readonly string[];
  readonly figures: Figures;
  readonly text: string;
}

process.on("message", async ({ seeds, operations, faults, ablation, trace }: Work) => {
  for (const seed of seeds) {
    const report = await runWorld({ seed, operations, faults, ablation: ablation === null ? null : ablationOf(ablation) });
    const isShown = report.violations.length > 0 || trace;
    const text = isShown ? showWorld(report, { faults, lines: trace ? Number.POSITIVE_INFINITY : 0 }) : "";
    process.send?.({ seed, violations: report.violations, figures: report.figures, text } satisfies Done);
  }
  process.disconnect();
});
