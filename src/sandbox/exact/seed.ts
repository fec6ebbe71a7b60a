import type { ExactCore } from "./core.js";
import { sqlDateTime } from "./dates.js";
import type { RecordKind } from "./types.js";

/** A record that is there when the sandbox begins: Exact's property names, and its age. `ID` is minted if it is absent. */
export type ExactSeedRow = {
  readonly [property: string]: string | number | boolean | null | undefined;
  readonly createdDaysAgo?: number;
  readonly modifiedDaysAgo?: number;
};

export interface ExactSeed {
  readonly accounts: readonly ExactSeedRow[];
  readonly contacts: readonly ExactSeedRow[];
  readonly items?: readonly ExactSeedRow[];
}

const dayMs = 86_400_000;

/** Makes the records as a person would have, each at its age. A row that the rules refuse stops the start. */
export function plant(core: ExactCore, seed: ExactSeed): void {
  const now = core.now();
  const planted: { kind: RecordKind; id: string; created: number; modified: number }[] = [];
  const make = (kind: RecordKind, { createdDaysAgo = 0, modifiedDaysAgo = createdDaysAgo, ...values }: ExactSeedRow) => {
    const created = now - createdDaysAgo * dayMs;
    planted.push({ kind, id: core.create(kind, values, "person", "use"), created, modified: Math.max(created, now - modifiedDaysAgo * dayMs) });
  };
  for (const row of seed.accounts) make("Accounts", row);
  for (const row of seed.contacts) make("Contacts", row);
  for (const row of seed.items ?? []) make("Items", row);
  // Row versions grow with every change, so the last changed has the highest.
  for (const { kind, id, created, modified } of planted.sort((a, b) => a.modified - b.modified)) {
    const table = core.table(kind);
    table.replace(id, { ...table.get(id), Created: sqlDateTime(created), Modified: sqlDateTime(modified) });
  }
}
