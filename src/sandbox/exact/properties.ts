import { type ExactProperty, exactAccountProperties, exactContactProperties, exactItemProperties } from "../../domain/exact-properties.js";
import type { Cell, PropertyTypes, RecordKind } from "./types.js";

export const properties: Readonly<Record<RecordKind, Readonly<Record<string, ExactProperty>>>> = {
  Accounts: exactAccountProperties,
  Contacts: exactContactProperties,
  Items: exactItemProperties,
};

/** The service that a type belongs to, as addresses name it: in lower case where rows are read and written one by one. */
export const services: Readonly<Record<RecordKind, string>> = { Accounts: "CRM", Contacts: "CRM", Items: "Logistics" };

/** The vendor's name of a row's type. */
export const entityTypeNames: Readonly<Record<RecordKind, string>> = {
  Accounts: "Exact.Web.Api.Models.Account",
  Contacts: "Exact.Web.Api.Models.Contact",
  Items: "Exact.Web.Api.Models.Logistics.Item",
};

/** The log of deletions calls them so. */
export const entityTypeNumbers: Readonly<Record<RecordKind, number>> = { Accounts: 2, Contacts: 5, Items: 9 };

/** Sync rows bear their row version, and the newest properties are not in sync. */
export const syncProperties: Readonly<Record<RecordKind, PropertyTypes>> = {
  Accounts: { ...without(properties.Accounts, ["ClientGroup", "ClientGroupDescription"]), Timestamp: { edm: "Int64" } },
  Contacts: { ...properties.Contacts, Timestamp: { edm: "Int64" } },
  Items: { ...properties.Items, Timestamp: { edm: "Int64" } },
};

export const deletedProperties: PropertyTypes = {
  Timestamp: { edm: "Int64" },
  DeletedBy: { edm: "Guid" },
  DeletedDate: { edm: "DateTime" },
  Division: { edm: "Int32" },
  EntityKey: { edm: "Guid" },
  EntityType: { edm: "Int32" },
  ID: { edm: "Guid" },
};

export const canFilter = (kind: RecordKind, name: string): boolean => hasFlag(kind, name, "f");
export const isAnnounced = (kind: RecordKind, name: string): boolean => hasFlag(kind, name, "w") && name !== "Modified";
export const isWritable = (kind: RecordKind, name: string, operation: "create" | "update"): boolean => hasFlag(kind, name, operation === "create" ? "c" : "u");

/** Times are UTC instants, shown by the clock on the wall; every other DateTime is a date, at midnight and never shifted. */
export const isInstant = (name: string): boolean => name === "Created" || name === "Modified" || name === "DeletedDate";

/** How a text of a fixed width is filled up; undefined: it is kept as it is given. An item's code is as long as it is. */
export const paddingOf = (kind: RecordKind, name: string): ((text: string) => string) | undefined =>
  kind === "Items" && name === "Code" ? (text) => text : paddings[name];

/** Texts of a fixed width. */
export const paddings: Readonly<Record<string, (text: string) => string>> = {
  Code: (text) => text.padStart(18, " "),
  Country: (text) => text.padEnd(3, " "),
  Language: (text) => text.padEnd(10, " "),
  State: (text) => text.padEnd(3, " "),
  SearchCode: (text) => text.padEnd(20, " "),
};

/** What an unset property reads as, where that is not null. */
export const unset: Readonly<Record<RecordKind, Readonly<Record<string, Cell>>>> = {
  Accounts: {
    AutomaticProcessProposedEntry: 0,
    Blocked: false,
    CanDropShip: false,
    ConsolidationScenario: 6,
    CostPaid: 0,
    CreditLinePurchase: 0,
    CreditLineSales: 0,
    DiscountPurchase: 0,
    DiscountSales: 0,
    GlnNumber: "",
    IgnoreDatevWarningMessage: false,
    InvoiceAttachmentType: 1,
    InvoicingMethod: 0,
    IsAccountant: 0,
    IsAgency: 0,
    IsAnonymised: 0,
    IsBank: false,
    IsCompetitor: 0,
    IsMailing: 0,
    IsMember: false,
    IsPilot: false,
    IsReseller: false,
    IsSupplier: false,
    OINNumber: "",
    PurchaseCurrency: "EUR",
    PurchaseCurrencyDescription: "Euro",
    PurchaseLeadDays: 0,
    RecepientOfCommissions: false,
    SalesCurrency: "EUR",
    SalesCurrencyDescription: "Euro",
    SecurityLevel: 10,
    SeparateInvPerProject: 0,
    SeparateInvPerSubscription: 0,
    ShippingLeadDays: 0,
    Source: 2,
    Status: "A",
    Type: "A",
  },
  Contacts: { Gender: "O", IsAnonymised: 0, IsMailingExcluded: false },
  Items: { IsPurchaseItem: false, IsSalesItem: false, IsStockItem: false, IsWebshopItem: 0, SecurityLevel: 10, Unit: "pc" },
};

function hasFlag(kind: RecordKind, name: string, flag: string): boolean {
  return properties[kind][name]?.flags.includes(flag) ?? false;
}

function without<T>(table: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}
