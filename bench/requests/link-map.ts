import type { Connector } from "../../src/connectors/connector.js";
import { dataflowOf, dataflows, fieldsOf, recordTypeOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import { refKey, type SystemRecord } from "../../src/domain/record.js";
import { type EntityType, isoTime, type System } from "../../src/domain/words.js";
import type { Store } from "../../src/store/store.js";
import { writeOf } from "../../src/sync/document.js";
import { accountEntityId, contactEntityId, numberOf } from "./rows.js";

export interface LinkMapParts {
  readonly store: Store;
  readonly connectors: { readonly [S in System]: Connector };
}

const batchSize = 200;
const types: readonly EntityType[] = ["ACCOUNT", "CONTACT"];

/** What a finished sync has left: all records of both systems as snapshots, and each pair linked. Gives how many pairs. */
export async function fillLinkMap({ store, connectors }: LinkMapParts): Promise<number> {
  const now = isoTime(Date.now());
  let pairs = 0;
  for (const type of types) {
    const flow = dataflowOf(dataflows, type);
    const exact = new Map<number, SystemRecord>();
    for await (const records of pagesOf(connectors.EXACT, flow.exact, recordTypeOf(flow, "EXACT"))) {
      for (const record of records) exact.set(numberOf(record.id), record);
      await store.snapshots.put(records, now, await store.snapshots.ticket());
    }
    for await (const records of pagesOf(connectors.CUSTOMCRM, "changes", recordTypeOf(flow, "CUSTOMCRM"))) {
      await store.snapshots.put(records, now, await store.snapshots.ticket());
      for (let from = 0; from < records.length; from += batchSize) {
        const put = records.slice(from, from + batchSize).flatMap((record) => {
          const other = exact.get(numberOf(record.id));
          return other ? [writeOf(flow, linked(type, record, other, now), [], record)] : [];
        });
        const result = await store.entities.commit({ put });
        if (!result.ok) throw new Error(`The link map can't be filled: ${JSON.stringify(result)}.`);
        pairs += put.length;
      }
    }
  }
  return pairs;
}

async function* pagesOf(connector: Connector, feed: string, type: string): AsyncIterable<readonly SystemRecord[]> {
  const seen = new Set<string>();
  for (let position: string | null = null, more = true; more; ) {
    const page: Awaited<ReturnType<Connector["readFeed"]>> = await connector.readFeed(feed, position, { class: "poll" });
    ({ position, more } = page);
    const records = page.changes.flatMap((change) => (change.kind === "upsert" && change.record.type === type ? [change.record] : []));
    const fresh = records.filter((record) => !seen.has(refKey(record)));
    for (const record of fresh) seen.add(refKey(record));
    if (fresh.length > 0) yield fresh;
  }
}

function linked(type: EntityType, customcrm: SystemRecord, exact: SystemRecord, now: string): Entity {
  const flow = dataflowOf(dataflows, type);
  const shadows = { CUSTOMCRM: fieldsOf(flow, customcrm), EXACT: fieldsOf(flow, exact) };
  const account = shadows.CUSTOMCRM.account;
  const modifiedAt = [customcrm.modifiedAt ?? now, exact.modifiedAt ?? now].sort().at(-1) ?? now;
  const id = (type === "ACCOUNT" ? accountEntityId : contactEntityId)(numberOf(customcrm.id));
  return {
    id,
    type,
    revision: 0,
    records: { CUSTOMCRM: customcrm.id, EXACT: exact.id },
    formerExactEntityId: id.replace("_", "_e"),
    state: "LINKED",
    version: 1,
    origin: "MATCHED",
    linkedAt: now,
    syncedAt: now,
    problem: null,
    candidates: [],
    conflicts: [],
    ignored: [],
    cutFrom: [],
    fields: { ...shadows.CUSTOMCRM, ...(account ? { account: accountEntityId(numberOf(account)) } : {}) },
    modifiedAt,
    shadows,
    intents: [],
    wanted: null,
    nextActionAt: null,
  };
}
