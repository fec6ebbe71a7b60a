import { countryName, stateFits } from "./countries.js";
import type { Fault } from "./messages.js";
import { paddings } from "./properties.js";
import type { Cells } from "./types.js";

/** What the rules of one kind need to know of the rest. */
export interface World {
  /** Midnight of today, by the clock on the wall. */
  readonly today: number;
  readonly codeDigits: number;
  hasAccount(id: string): boolean;
  accountOfContact(id: string): string | undefined;
  hasCode(code: string): boolean;
  /** Blind to case. */
  hasItemCode(code: string): boolean;
  /** Of the codes that are numbers. */
  highestCode(): number;
  newGuid(): string;
  highestHid(): number;
  readonly moveContact: "allow" | "ignore" | "refuse";
}

/** A new account's values: its code, its defaults and what its status sets. */
export function newAccount(given: Cells, world: World): { values: Cells; faults: Fault[] } {
  const faults: Fault[] = [];
  const code = typeof given.Code === "string" ? codeText(given.Code, world.codeDigits) : nextCode(world);
  if (typeof given.Code === "string" && world.hasCode(code)) faults.push({ kind: "exists" });
  const values = { StartDate: world.today, Status: "A", ...withoutNulls(given), Code: code };
  if (values.Status === "C") Object.assign(values, { CustomerSince: world.today, StatusSince: world.today });
  faults.push(...faultsOf(values, Object.keys(given), null, world));
  return { values, faults };
}

export function changedAccount(before: Readonly<Cells>, id: string, given: Cells, world: World): { values: Cells; faults: Fault[] } {
  // Its own code counts as taken, too.
  const faults: Fault[] = "Code" in given ? [{ kind: "exists" }] : [];
  const values: Cells = { ...before, ...given };
  delete values.ID;
  if (values.Status !== before.Status) values.StatusSince = world.today;
  if (values.Status === "C" && before.Status !== "C") values.CustomerSince = world.today;
  faults.push(...faultsOf(values, Object.keys(given), id, world));
  return { values, faults };
}

function faultsOf(values: Cells, given: readonly string[], id: string | null, world: World): Fault[] {
  const faults: Fault[] = [];
  if (textOf(values.Name) === null) faults.push({ kind: "missing", property: "Name" });
  if (!["A", "S", "P", "C"].includes(String(values.Status))) faults.push({ kind: "invalid", property: "Status" });
  const country = textOf(values.Country);
  const state = textOf(values.State);
  if (country !== null && countryName(country, "en-GB") === null) faults.push({ kind: "invalid", property: "Country" });
  else if (state !== null && !stateFits(state, country)) faults.push({ kind: "invalid", property: "State" });
  for (const name of ["Parent", "Accountant", "InvoiceAccount", "Reseller"]) {
    const other = values[name];
    if (given.includes(name) && typeof other === "string" && !world.hasAccount(other)) faults.push({ kind: "unknown", property: name });
  }
  const main = values.MainContact;
  if (given.includes("MainContact") && typeof main === "string" && (id === null || world.accountOfContact(main) !== id)) {
    faults.push({ kind: "unknown", property: "MainContact" });
  }
  return faults;
}

/** Digits are filled up with zeros as the division has it, and the whole to its width with spaces. */
function codeText(given: string, digits: number): string {
  const code = given.trim();
  return pad(/^\d+$/.test(code) ? code.padStart(digits, "0") : code);
}

const nextCode = (world: World): string => pad(String(world.highestCode() + 1).padStart(world.codeDigits, "0"));

const pad = (code: string): string => (paddings.Code as (text: string) => string)(code);

/** In a create, null says no more than leaving it out. */
export function withoutNulls(values: Cells): Cells {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}
