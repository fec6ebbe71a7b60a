import type { ExactCore } from "./core.js";
import { countryName } from "./countries.js";
import { wallOf } from "./dates.js";
import { isInstant, unset } from "./properties.js";
import type { Version } from "./record-table.js";
import type { Cell, Cells, RowView } from "./types.js";

/** An account as the API shows it: what is stored, what is derived from it, and the defaults of what is not set. */
export function accountView(core: ExactCore, id: string, { values, timestamp }: Version): RowView {
  const { settings, user } = core;
  const derived: Readonly<Record<string, () => Cell>> = {
    ID: () => id,
    Timestamp: () => timestamp,
    Division: () => settings.division,
    CountryName: () => nameOfCountry(values.Country, settings.userLanguage),
    Creator: () => user.userId,
    CreatorFullName: () => user.userName,
    Modifier: () => user.userId,
    ModifierFullName: () => user.userName,
    IsSales: () => isCustomer(values),
    IsPurchase: () => isCustomer(values) || values.IsSupplier === true,
    ResellerName: () => core.accounts.get(String(values.Reseller))?.Name ?? null,
    ResellerCode: () => core.accounts.get(String(values.Reseller))?.Code ?? null,
    InvoiceAccountName: () => core.accounts.get(String(values.InvoiceAccount))?.Name ?? null,
    InvoiceAccountCode: () => core.accounts.get(String(values.InvoiceAccount))?.Code ?? null,
    StateName: () => null,
    BankAccounts: () => null,
    // Pictures are written, not read.
    Logo: () => null,
  };
  return { id, cell: (name) => (Object.hasOwn(derived, name) ? (derived[name]?.() ?? null) : stored(values, name, unset.Accounts)) };
}

export const isCustomer = (account: Readonly<Cells> | undefined): boolean => account?.Status === "C";

export function nameOfCountry(country: unknown, language: string): string | null {
  return typeof country === "string" ? countryName(country.trim(), language) : null;
}

/** Instants are shown by the clock on the wall. */
export function stored(values: Readonly<Cells>, name: string, defaults: Readonly<Record<string, Cell>>): Cell {
  const value = values[name] ?? defaults[name] ?? null;
  return isInstant(name) && typeof value === "number" ? wallOf(value) : value;
}
