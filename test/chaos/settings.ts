import { exactBudgetRules } from "../../src/connectors/budget.js";
import { defaultSettings } from "../../src/domain/settings.js";

const many = { count: 1_000_000, percent: 100 };

/** Times that a test can wait for. The quarantine is longer than the proxies hold a request up (A1); limits and guards are tested elsewhere. */
export const chaosSettings = {
  budgetRules: { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 },
  settings: { ...defaultSettings, quarantineMs: 6_000, overlapMs: 5_000, guards: { deletions: many, creates: many, emptySideLinks: 1_000_000 } },
};
