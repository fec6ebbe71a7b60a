import type { Cells } from "./types.js";

/** An item is nobody. */
export type PersonalKind = "Accounts" | "Contacts";

const kept: Readonly<Record<PersonalKind, readonly string[]>> = {
  Accounts: ["Code", "Status", "StartDate", "EndDate", "Created", "CustomerSince", "StatusSince", "MainContact", "Country", "Blocked", "IsSupplier"],
  Contacts: ["Account", "HID", "Person", "StartDate", "EndDate", "Created"],
};

/** What is left of a record: what says nothing of the person, a name in place of the name, and the flag. */
export function anonymised(values: Readonly<Cells>, kind: PersonalKind): Cells {
  const rest = Object.fromEntries(Object.entries(values).filter(([name]) => kept[kind].includes(name)));
  return { ...rest, [kind === "Accounts" ? "Name" : "LastName"]: "Anonymised", IsAnonymised: 1 };
}
