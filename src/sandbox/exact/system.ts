import type { ExactCore } from "./core.js";
import { countryName } from "./countries.js";
import { offsetAt, wallOf, wallText } from "./dates.js";
import { parseFilter } from "./filter-parser.js";
import { newest } from "./record-table.js";
import { badQuery } from "./refusal.js";
import type { Resource } from "./resource.js";
import { type Subscriptions, subscriptionProperties, subscriptionView } from "./subscriptions.js";
import type { Cell, PropertyTypes, RecordKind, RowView } from "./types.js";

const meProperties: PropertyTypes = {
  UserID: { edm: "Guid" },
  CurrentDivision: { edm: "Int32" },
  DivisionCustomerCode: { edm: "String" },
  DivisionCustomerName: { edm: "String" },
  Email: { edm: "String" },
  FirstName: { edm: "String" },
  FullName: { edm: "String" },
  Language: { edm: "String" },
  LanguageCode: { edm: "String" },
  LastName: { edm: "String" },
  Legislation: { edm: "Int64" },
  ServerTime: { edm: "String" },
  ServerUtcOffset: { edm: "Int32" },
  UserName: { edm: "String" },
};

/** `current/Me`: the way to find the division. */
export function meResource(core: ExactCore): Resource {
  const { settings, user } = core;
  const now = core.now();
  const [firstName = "", ...rest] = user.userName.split(" ");
  const cells: Readonly<Record<string, Cell>> = {
    UserID: user.userId,
    CurrentDivision: settings.division,
    DivisionCustomerName: settings.divisionName,
    Email: "sandbox@example.com",
    FirstName: firstName,
    FullName: user.userName,
    Language: settings.userLanguage === "nl-NL" ? "NL" : "EN",
    LanguageCode: settings.userLanguage,
    LastName: rest.join(" "),
    Legislation: settings.divisionCountry === "NL" ? 1 : 128,
    // Local, without a zone; the offset stands beside it, in seconds.
    ServerTime: wallText(Math.floor(wallOf(now) / 1000) * 1000),
    ServerUtcOffset: offsetAt(now) / 1000,
    UserName: user.userName,
  };
  return { ...single("current/Me", "Exact.Web.Api.Models.System.Me", meProperties, "UserID", cells), alwaysInResults: true };
}

const divisionProperties: PropertyTypes = {
  Code: { edm: "Int32" },
  Country: { edm: "String" },
  CountryDescription: { edm: "String" },
  Currency: { edm: "String" },
  Current: { edm: "Boolean" },
  CustomerName: { edm: "String" },
  Description: { edm: "String" },
  DivisionMoveDate: { edm: "DateTime" },
  Status: { edm: "Int16" },
};

/** `system/Divisions`: the companies that the token may reach. */
export function divisionsResource({ settings, divisionMoveDate }: ExactCore): Resource {
  const cells: Readonly<Record<string, Cell>> = {
    Code: settings.division,
    Country: settings.divisionCountry.padEnd(3, " "),
    CountryDescription: countryName(settings.divisionCountry, settings.userLanguage),
    Currency: "EUR",
    Current: true,
    CustomerName: settings.divisionName,
    Description: settings.divisionName,
    DivisionMoveDate: divisionMoveDate === null ? null : wallOf(divisionMoveDate),
    Status: 1,
  };
  return single("system/Divisions", "Exact.Web.Api.Models.System.Division", divisionProperties, "Code", cells);
}

export function subscriptionsResource({ settings, user }: ExactCore, subscriptions: Subscriptions): Resource {
  return {
    path: "webhooks/WebhookSubscriptions",
    typeName: "Exact.Web.Api.Models.WebhookSubscription",
    properties: subscriptionProperties,
    pageSize: 60,
    key: "ID",
    order: "ID",
    rows: () => subscriptions.all().map((subscription) => subscriptionView(subscription, settings, user)),
    canFilter: () => true,
    refusesSkip: true,
  };
}

const syncTimestampProperties: PropertyTypes = { Modified: { edm: "DateTime" }, TimeStampAsBigInt: { edm: "Int64" } };

/** `read/sync/Sync/SyncTimestamp`: the row version from which a feed shows what was changed since a time. */
export function syncTimestampResource(core: ExactCore, query: URLSearchParams): Resource {
  const kind = { "crm/accounts": "Accounts", "crm/contacts": "Contacts", "logistics/items": "Items" }[
    text(query, "endPoint")
      .toLowerCase()
      .replace(/^sync\//, "")
  ] as RecordKind | undefined;
  if (!kind) throw badQuery("The value of the parameter 'endPoint' is not supported.");
  const since = modifiedOf(query);
  const before = [...core.table(kind).all()].map(newest).filter(({ values }) => wallOf(Number(values.Modified)) < since);
  const cells: Readonly<Record<string, Cell>> = { Modified: since, TimeStampAsBigInt: before.reduce((top, { timestamp }) => Math.max(top, timestamp), 0) };
  return single("read/sync/Sync/SyncTimestamp", "Exact.Web.Api.Models.Sync.SyncTimestamp", syncTimestampProperties, "TimeStampAsBigInt", cells);
}

/** The parameter is written as a literal, `'crm/Accounts'`. */
const text = (query: URLSearchParams, name: string): string => /^'(.*)'$/.exec(query.get(name) ?? "")?.[1] ?? "";

function modifiedOf(query: URLSearchParams): number {
  const filter = parseFilter(`Modified eq ${query.get("modified") ?? ""}`, syncTimestampProperties, "Edm.DateTime");
  if (filter.kind === "compare" && filter.right.kind === "literal") return Number(filter.right.value);
  throw badQuery();
}

function single(path: string, typeName: string, properties: PropertyTypes, key: string, cells: Readonly<Record<string, Cell>>): Resource {
  const row: RowView = { id: String(cells[key]), cell: (name) => cells[name] ?? null };
  return { path, typeName, properties, pageSize: 60, key, order: key, rows: () => [row], canFilter: () => true };
}
