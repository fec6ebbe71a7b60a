import { accountView } from "./account-view.js";
import { contactView } from "./contact-view.js";
import type { ExactCore } from "./core.js";
import { wallOf } from "./dates.js";
import { deletionView } from "./deletion-log.js";
import { itemView } from "./item-view.js";
import { canFilter, deletedProperties, entityTypeNames, properties, services, syncProperties, unset } from "./properties.js";
import { newest, type StoredRecord, type Version, visible } from "./record-table.js";
import type { Resource } from "./resource.js";
import { facts } from "./settings.js";
import type { RecordKind, RowView } from "./types.js";

const mandatory = Object.keys(properties.Accounts).filter((name) => canFilter("Accounts", name));
const bulkContactFilters = ["Account", "ID", "IdentificationDocument", "IdentificationUser", "Person"];

const viewers = { Accounts: accountView, Contacts: contactView, Items: itemView } as const;

export function viewOf(core: ExactCore, kind: RecordKind, id: string, version: Version): RowView {
  return viewers[kind](core, id, version);
}

/** `crm`, or `logistics`: read and written one by one, listed sixty a page. */
export function crmResource(core: ExactCore, kind: RecordKind): Resource {
  const { settings } = core;
  const isFilterable = (name: string) => (kind !== "Contacts" ? canFilter(kind, name) : !["Binary", "Collection"].includes(properties[kind][name]?.edm ?? ""));
  return {
    path: `${services[kind].toLowerCase()}/${kind}`,
    typeName: entityTypeNames[kind],
    properties: { ...properties[kind], ...Object.fromEntries(settings.undocumented.map((name) => [name, { edm: "String" as const }])) },
    pageSize: facts.pageSize,
    key: "ID",
    order: "ID",
    rows: (ids) => listed(core, kind, ids),
    canFilter: isFilterable,
    ...(kind === "Accounts" && settings.mandatoryFilter ? { mandatoryFilter: mandatory } : {}),
    needsSelect: settings.selectRequired,
    expandable: kind === "Accounts" ? ["BankAccounts"] : [],
  };
}

/** `bulk`: the same, a thousand a page, with $select. Contacts can be filtered by little there. */
export function bulkResource(core: ExactCore, kind: RecordKind): Resource {
  const { mandatoryFilter: _none, ...crm } = crmResource(core, kind);
  return {
    ...crm,
    path: `bulk/${services[kind]}/${kind}`,
    pageSize: facts.bulkPageSize,
    canFilter: (name) => (kind === "Contacts" ? bulkContactFilters.includes(name) : crm.canFilter(name)),
    needsSelect: true,
    refusesSkip: true,
    expandable: [],
  };
}

/** `sync`: each record at its newest visible row version. */
export function syncResource(core: ExactCore, kind: RecordKind): Resource {
  return {
    path: `sync/${services[kind]}/${kind}`,
    typeName: entityTypeNames[kind],
    properties: syncProperties[kind],
    pageSize: facts.bulkPageSize,
    key: "Timestamp",
    order: core.settings.syncOrder === "timestamp" ? "Timestamp" : "ID",
    rows: () => views(core, kind, core.table(kind).all(), (record) => visible(record, core.now())),
    canFilter: (name) => name === "Timestamp",
    needsSelect: true,
    refusesSelectAll: kind === "Contacts",
    refusesSkip: true,
  };
}

/** `sync/Deleted`: what was deleted within the last two months. */
export function deletedResource(core: ExactCore): Resource {
  const of = { division: core.settings.division, userId: core.user.userId };
  return {
    path: "sync/Deleted",
    typeName: "Exact.Web.Api.Models.Sync.Deleted",
    properties: deletedProperties,
    pageSize: facts.bulkPageSize,
    key: "Timestamp",
    order: "Timestamp",
    rows: () => core.deletions.visible().map((deletion) => deletionView(deletion, of, wallOf)),
    canFilter: (name) => name === "Timestamp" || name === "EntityType",
    needsSelect: true,
    refusesSkip: true,
  };
}

/** The record as it is now; undefined: there is none, or the user may not see it. */
export function oneRecord(core: ExactCore, kind: RecordKind, id: string): RowView | undefined {
  const record = core.table(kind).record(id);
  return record && [...views(core, kind, [record], newest)][0];
}

function listed(core: ExactCore, kind: RecordKind, ids: ReadonlySet<string> | null): Iterable<RowView> {
  const table = core.table(kind);
  const records = ids ? [...ids].flatMap((id) => table.record(id) ?? []) : table.all();
  return views(core, kind, records, (record) => (core.settings.lateInLists ? visible(record, core.now()) : newest(record)));
}

function* views(core: ExactCore, kind: RecordKind, records: Iterable<StoredRecord>, pick: (record: StoredRecord) => Version | undefined): Generator<RowView> {
  for (const record of records) {
    const version = pick(record);
    if (!version) continue;
    const isSecret = kind !== "Contacts" && Number(version.values.SecurityLevel ?? unset[kind].SecurityLevel) > core.settings.userSecurityLevel;
    if (!isSecret) yield viewOf(core, kind, record.id, version);
  }
}
