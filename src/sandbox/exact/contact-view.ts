import { isCustomer, stored } from "./account-view.js";
import type { ExactCore } from "./core.js";
import { paddings, unset } from "./properties.js";
import type { Version } from "./record-table.js";
import type { Cell, Cells, RowView } from "./types.js";

/** A contact as the API shows it. Its address, code and country are its account's, and some values have two names. */
export function contactView(core: ExactCore, id: string, { values, timestamp }: Version): RowView {
  const { settings, user } = core;
  const account = core.accounts.get(String(values.Account));
  const ofAccount = (name: string) => account?.[name] ?? null;
  const inDivision = (text: string, name: "Country" | "Language") => paddings[name]?.(text) ?? text;
  const derived: Readonly<Record<string, () => Cell>> = {
    ID: () => id,
    Timestamp: () => timestamp,
    Division: () => settings.division,
    Creator: () => user.userId,
    CreatorFullName: () => user.userName,
    Modifier: () => user.userId,
    ModifierFullName: () => user.userName,
    AccountName: () => ofAccount("Name"),
    AccountIsCustomer: () => isCustomer(account),
    AccountIsSupplier: () => account?.IsSupplier === true,
    AccountMainContact: () => ofAccount("MainContact"),
    IsMainContact: () => account?.MainContact === id,
    Code: () => ofAccount("Code"),
    Postcode: () => ofAccount("Postcode"),
    City: () => ofAccount("City"),
    State: () => ofAccount("State"),
    Country: () => ofAccount("Country") ?? inDivision(settings.divisionCountry, "Country"),
    AddressLine2: () => ofAccount("AddressLine2"),
    AddressStreet: () => streetOf(account).street,
    AddressStreetNumber: () => streetOf(account).number,
    AddressStreetNumberSuffix: () => streetOf(account).suffix,
    Language: () => values.Language ?? ofAccount("Language") ?? inDivision(settings.divisionCountry, "Language"),
    FullName: () => [values.FirstName, values.MiddleName, values.LastName].filter(Boolean).join(" "),
    BirthName: () => values.LastName ?? null,
    BirthNamePrefix: () => values.MiddleName ?? null,
    BusinessEmail: () => values.Email ?? null,
    // Pictures are written, not read.
    Picture: () => null,
  };
  return { id, cell: (name) => (Object.hasOwn(derived, name) ? (derived[name]?.() ?? null) : stored(values, name, unset.Contacts)) };
}

/** The account's first line taken apart, as `Keizersgracht 12 A`. A line without a number is a street. */
function streetOf(account: Readonly<Cells> | undefined): { street: string | null; number: string | null; suffix: string | null } {
  const line = account?.AddressLine1;
  if (typeof line !== "string") return { street: null, number: null, suffix: null };
  const [, street, number, suffix] = /^(.*\D)\s+(\d+)\s*(\D.*)?$/.exec(line) ?? [];
  return { street: street?.trim() ?? line, number: number ?? null, suffix: suffix?.trim() ?? null };
}
