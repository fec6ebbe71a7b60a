import { type Derived, derivedForAll, isCustomer, type Source, viewFrom } from "./account-view.js";
import type { ExactCore } from "./core.js";
import { paddings, unset } from "./properties.js";
import type { Version } from "./record-table.js";
import type { Cell, Cells, RowView } from "./types.js";

const accountOf = ({ core, values }: Source): Readonly<Cells> | undefined => core.accounts.get(String(values.Account));

const ofAccount =
  (name: string) =>
  (source: Source): Cell =>
    accountOf(source)?.[name] ?? null;

const ofDivision = (name: "Country" | "Language", { core }: Source): string => paddings[name]?.(core.settings.divisionCountry) ?? "";

const derived: Derived = {
  ...derivedForAll,
  AccountName: ofAccount("Name"),
  AccountIsCustomer: (source) => isCustomer(accountOf(source)),
  AccountIsSupplier: (source) => accountOf(source)?.IsSupplier === true,
  AccountMainContact: ofAccount("MainContact"),
  IsMainContact: (source) => accountOf(source)?.MainContact === source.id,
  Code: ofAccount("Code"),
  Postcode: ofAccount("Postcode"),
  City: ofAccount("City"),
  State: ofAccount("State"),
  Country: (source) => accountOf(source)?.Country ?? ofDivision("Country", source),
  AddressLine2: ofAccount("AddressLine2"),
  AddressStreet: (source) => streetOf(accountOf(source)).street,
  AddressStreetNumber: (source) => streetOf(accountOf(source)).number,
  AddressStreetNumberSuffix: (source) => streetOf(accountOf(source)).suffix,
  Language: (source) => source.values.Language ?? accountOf(source)?.Language ?? ofDivision("Language", source),
  FullName: ({ values }) => [values.FirstName, values.MiddleName, values.LastName].filter(Boolean).join(" "),
  BirthName: ({ values }) => values.LastName ?? null,
  BirthNamePrefix: ({ values }) => values.MiddleName ?? null,
  BusinessEmail: ({ values }) => values.Email ?? null,
  // Pictures are written, not read.
  Picture: () => null,
};

/** A contact as the API shows it. Its address, code and country are its account's, and some values have two names. */
export function contactView(core: ExactCore, id: string, version: Version): RowView {
  return viewFrom({ core, id, ...version }, derived, unset.Contacts);
}

/** The account's first line taken apart, as `Keizersgracht 12 A`. A line without a number is a street. */
function streetOf(account: Readonly<Cells> | undefined): { street: string | null; number: string | null; suffix: string | null } {
  const line = account?.AddressLine1;
  if (typeof line !== "string") return { street: null, number: null, suffix: null };
  const [, street, number, suffix] = /^(.*\D)\s+(\d+)\s*(\D.*)?$/.exec(line) ?? [];
  return { street: street?.trim() ?? line, number: number ?? null, suffix: suffix?.trim() ?? null };
}
