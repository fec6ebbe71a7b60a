import { exactBudgetRules } from "../../src/connectors/budget.js";
import { defaultSettings } from "../../src/domain/settings.js";
import type { Fault, Network } from "./proxy.js";

const many = { count: 1_000_000, percent: 100 };

/** Times that a test can wait for. The quarantine is longer than the proxies hold a request up (A1), with time to spare on a busy machine; limits and guards are tested elsewhere. */
export const chaosSettings = {
  budgetRules: { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 },
  settings: { ...defaultSettings, quarantineMs: 15_000, overlapMs: 5_000, guards: { deletions: many, creates: many, emptySideLinks: 1_000_000 } },
};

/** Writes meet faults more often than the many polls: it is they that can be lost half way. */
export const roughNetwork: Network = {
  reads: 0.03,
  writes: 0.1,
  faults: ["reset", "cut", "lost", "delay", "delay", "late"],
  lateMs: 5_000,
};

/** A safeguard taken away, and the fault that it is there for. */
interface Ablation {
  readonly settings: Partial<typeof chaosSettings.settings>;
  readonly fault: Fault;
}

const ablations: Readonly<Record<string, Ablation>> = {
  // A create whose answer was lost is looked for at once, and made again before the first one lands.
  quarantine: { settings: { quarantineMs: 0 }, fault: "late" },
};
export const ablationNames = Object.keys(ablations);

/** The settings without a safeguard; null: with all of them. */
export const settingsWithout = (ablation: string | null): typeof chaosSettings => ({
  ...chaosSettings,
  settings: { ...chaosSettings.settings, ...(ablation === null ? {} : ablations[ablation]?.settings) },
});

/** A network in which half of all writes meet just the fault that a safeguard is there for. */
export const networkFor = (ablation: string): Network => ({
  reads: 0,
  writes: 0.5,
  faults: [ablations[ablation]?.fault ?? "late"],
  lateMs: 30_000,
});
