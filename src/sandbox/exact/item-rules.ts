import { textOf, type World, withoutNulls } from "./account-rules.js";
import type { Fault } from "./messages.js";
import type { Cells } from "./types.js";

/** A new item's values. Its code is the person's to give: Exact makes none up. */
export function newItem(given: Cells, world: World): { values: Cells; faults: Fault[] } {
  const values = { StartDate: world.today, ...withoutNulls(given) };
  return { values, faults: faultsOf(values, world, null) };
}

export function changedItem(before: Readonly<Cells>, given: Cells, world: World): { values: Cells; faults: Fault[] } {
  const values: Cells = { ...before, ...given };
  delete values.ID;
  return { values, faults: faultsOf(values, world, textOf(before.Code)) };
}

function faultsOf(values: Cells, world: World, own: string | null): Fault[] {
  const missing = ["Code", "Description"].filter((name) => textOf(values[name]) === null);
  const code = textOf(values.Code);
  const isTaken = code !== null && code.toUpperCase() !== own?.toUpperCase() && world.hasItemCode(code);
  return [...missing.map((property): Fault => ({ kind: "missing", property })), ...(isTaken ? [{ kind: "exists" } as const] : [])];
}
