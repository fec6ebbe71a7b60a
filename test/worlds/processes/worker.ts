import { ablationOf } from "../ablations.js";
import { showWorld } from "../show.js";
import { leftOutOf, shrink } from "../shrink.js";
import { type Figures, runWorld, type WorldOptions } from "../world.js";

/** What the parent sends: seeds to run, one after the other. */
interface Work {
  readonly seeds: readonly string[];
  readonly operations: number;
  readonly faults: number;
  readonly clients: number;
  readonly budget: boolean;
  readonly ablation: string | null;
  readonly without: string;
  readonly trace: boolean;
  readonly shrink: boolean;
}

/** What goes back for each world. */
export interface Done {
  readonly seed: string;
  readonly violations: readonly string[];
  readonly figures: Figures;
  readonly text: string;
}

/** A long text is on its way for a while, and lost if the process ends meanwhile. */
const send = (done: Done): Promise<void> => new Promise((resolve) => process.send?.(done, undefined, undefined, () => resolve()));

process.on("message", async (work: Work) => {
  const { operations, faults, clients, budget, trace } = work;
  const ablation = work.ablation === null ? null : ablationOf(work.ablation);
  for (const seed of work.seeds) {
    const options: WorldOptions = { seed, operations, faults, clients, budget, ablation, without: leftOutOf(work.without) };
    const report = await runWorld(options);
    const isBroken = report.violations.length > 0;
    let text = isBroken || trace ? showWorld(report, { options, lines: trace ? Number.POSITIVE_INFINITY : 0 }) : "";
    if (isBroken && work.shrink) {
      const small = await shrink(options, report);
      const shown = showWorld(small.report, { options: small.options, lines: Number.POSITIVE_INFINITY, isScript: true });
      text += `\nMade smaller in ${small.tried} runs:\n${shown}`;
    }
    await send({ seed, violations: report.violations, figures: report.figures, text });
  }
  process.disconnect();
});
