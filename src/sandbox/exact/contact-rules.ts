import { textOf, type World, withoutNulls } from "./account-rules.js";
import type { Fault } from "./messages.js";
import type { Cells } from "./types.js";

export function newContact(given: Cells, world: World): { values: Cells; faults: Fault[] } {
  const own = withoutNulls(underOneName(given));
  const values = { HID: world.highestHid() + 1, Person: world.newGuid(), StartDate: world.today, ...own };
  return { values, faults: faultsOf(values, world) };
}

export function changedContact(before: Readonly<Cells>, given: Cells, world: World): { values: Cells; faults: Fault[] } {
  const own = underOneName(given);
  const moves = own.Account !== undefined && own.Account !== before.Account;
  if (moves && world.moveContact === "ignore") delete own.Account;
  const values: Cells = { ...before, ...own };
  delete values.ID;
  const faults = faultsOf(values, world);
  if (moves && world.moveContact === "refuse") faults.push({ kind: "invalid", property: "Account" });
  return { values, faults };
}

/** Two names of one value: whichever comes last in the body is kept. */
const aliases: Readonly<Record<string, string>> = { BusinessEmail: "Email", BirthName: "LastName", BirthNamePrefix: "MiddleName" };

function underOneName(given: Cells): Cells {
  const own: Cells = {};
  for (const [name, value] of Object.entries(given)) own[aliases[name] ?? name] = value;
  return own;
}

function faultsOf(values: Cells, world: World): Fault[] {
  const faults: Fault[] = [];
  if (typeof values.Account !== "string") faults.push({ kind: "missing", property: "Account" });
  else if (!world.hasAccount(values.Account)) faults.push({ kind: "unknown", property: "Account" });
  if (textOf(values.FirstName) === null && textOf(values.LastName) === null) {
    faults.push({ kind: "missing", property: "FirstName" }, { kind: "missing", property: "LastName" });
  }
  if (values.Gender !== undefined && values.Gender !== null && !["M", "V", "O"].includes(String(values.Gender))) {
    faults.push({ kind: "invalid", property: "Gender" });
  }
  return faults;
}
