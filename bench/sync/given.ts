import { exactBudgetRules } from "../../src/connectors/budget.js";
import type { System } from "../../src/domain/words.js";
import type { BudgetRules } from "../../src/store/budget.js";

/** What all processes of the bench agree on. */
export const encryptionKey = Buffer.alloc(32, 7).toString("base64");
export const redirectUri = "http://127.0.0.1:0/auth/exact/callback";
export const feeds: readonly (readonly [System, string])[] = [
  ["CUSTOMCRM", "changes"],
  ["EXACT", "Accounts"],
  ["EXACT", "Contacts"],
  ["EXACT", "Deleted"],
];
export const withoutLimits: BudgetRules = { ...exactBudgetRules, minuteLimit: 1_000_000_000, dayLimit: 1_000_000_000 };
