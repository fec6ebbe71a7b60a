import type { ExactCore } from "./core.js";
import { countryName } from "./countries.js";
import { wallOf } from "./dates.js";
import { isInstant, unset } from "./properties.js";
import type { Version } from "./record-table.js";
import type { Cell, Cells, RowView } from "./types.js";

/** What a derived property is worked out from. */
export interface Source {
  readonly core: ExactCore;
  readonly id: string;
  readonly values: Readonly<Cells>;
  readonly timestamp: number;
}

export type Derived = Readonly<Record<string, (source: Source) => Cell>>;

/** What accounts and contacts derive alike. */
export const derivedForAll: Derived = {
  ID: ({ id }) => id,
  Timestamp: ({ timestamp }) => timestamp,
  Division: ({ core }) => core.settings.division,
  Creator: ({ core }) => core.user.userId,
  CreatorFullName: ({ core }) => core.user.userName,
  Modifier: ({ core }) => core.user.userId,
  ModifierFullName: ({ core }) => core.user.userName,
};

const derived: Derived = {
  ...derivedForAll,
  CountryName: ({ core, values }) => (typeof values.Country === "string" ? countryName(values.Country.trim(), core.settings.userLanguage) : null),
  IsSales: ({ values }) => isCustomer(values),
  IsPurchase: ({ values }) => isCustomer(values) || values.IsSupplier === true,
  ResellerName: ({ core, values }) => core.accounts.get(String(values.Reseller))?.Name ?? null,
  ResellerCode: ({ core, values }) => core.accounts.get(String(values.Reseller))?.Code ?? null,
  InvoiceAccountName: ({ core, values }) => core.accounts.get(String(values.InvoiceAccount))?.Name ?? null,
  InvoiceAccountCode: ({ core, values }) => core.accounts.get(String(values.InvoiceAccount))?.Code ?? null,
  // Pictures are written, not read.
  Logo: () => null,
};

/** An account as the API shows it: what is stored, what is derived from it, and the defaults of what is not set. */
export function accountView(core: ExactCore, id: string, version: Version): RowView {
  return viewFrom({ core, id, ...version }, derived, unset.Accounts);
}

export const isCustomer = (account: Readonly<Cells> | undefined): boolean => account?.Status === "C";

/** Instants are shown by the clock on the wall. */
export function viewFrom(source: Source, rules: Derived, defaults: Readonly<Record<string, Cell>>): RowView {
  const { id, values } = source;
  return {
    id,
    cell(name) {
      const rule = rules[name];
      if (rule) return rule(source);
      const value = values[name] ?? defaults[name] ?? null;
      return isInstant(name) && typeof value === "number" ? wallOf(value) : value;
    },
  };
}
