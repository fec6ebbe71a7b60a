import { type Dataflow, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity, Problem } from "../../domain/entity.js";
import { entityTypes, isoTime, systems } from "../../domain/words.js";
import { Engine } from "../engine.js";
import { commitJoin } from "../join.js";
import type { SettleParts } from "../parts.js";
import { changeDataflow } from "../policy.js";

export interface RebuildParts extends SettleParts {
  readonly firstContact: "review" | "live";
}

export interface Rebuilt {
  readonly read: number;
  readonly byExternalId: number;
  readonly byMatching: number;
  /** Left without a counterpart: put to review, one-sided, or waiting. */
  readonly unlinked: number;
  /** Products stay paused: some are linked to nothing, and nothing but their ExternalId could tell. */
  readonly productsPaused: boolean;
}

const maxRounds = 20;

/**
 * Makes the link map anew from what the two systems hold, after it was lost: every record is read, those that name their
 * counterpart in ExternalId are joined first, then matching joins what it may (R6). Nothing is written to either system. What
 * was linked by hand, and carries neither, is for a person: so products, which are never matched, stay paused while any is alone.
 */
export async function rebuildLinks(parts: RebuildParts, onRead: (records: number) => void = () => {}): Promise<Rebuilt> {
  const { store, clock, settings, firstContact } = parts;
  const since = isoTime(clock());
  const paused: Problem = { code: "PAUSED", message: productsWait, system: null, field: null, since, attempts: 0, nextAttemptAt: null };
  // Before anything else: whoever starts a gateway meanwhile must not create what is only not linked yet.
  await changeDataflow(store, "PRODUCT", firstContact, (state) => ({ ...state, paused }));
  const { guard: _guard, onPlanned: _onPlanned, ...rest } = parts;
  const engine = new Engine({ ...rest, policy: async (type) => ({ ...(await parts.policy(type)), paused }) });

  let read = 0;
  const count = (records: number) => {
    read += records;
    onRead(records);
  };
  for (const system of systems) await engine.poll(system, { class: "compare", onRead: count });
  let byExternalId = 0;
  // Accounts first, so that the others find theirs; all of it before the first match.
  for (const flow of settings.flows) byExternalId += await joinByExternalId(parts, flow);
  for (let round = 0; round < maxRounds && (await store.feeds.countDirty()) > 0; round++) await engine.drain();

  const all = await Promise.all(entityTypes.map((type) => linkedOf(parts, type)));
  const linked = all.reduce((sum, one) => sum + one.linked, 0);
  const alone = all[entityTypes.indexOf("PRODUCT")]?.customcrmAlone ?? 0;
  if (alone === 0) await changeDataflow(store, "PRODUCT", firstContact, (state) => ({ ...state, paused: null }));
  return {
    read,
    byExternalId,
    byMatching: linked - byExternalId,
    unlinked: all.reduce((sum, one) => sum + one.unlinked, 0),
    productsPaused: alone > 0,
  };
}

const productsWait =
  "The link map was rebuilt, and some products name no counterpart. Link those that have one with linkRecords, then resume the dataflow: whatever is not linked then gets a new record in Exact Online.";

/** Joins what names its counterpart. An id that two records name, as copies of one do, tells nothing. */
async function joinByExternalId(parts: RebuildParts, flow: Dataflow): Promise<number> {
  const { store } = parts;
  const claims = new Map<string, string[]>();
  for await (const entities of store.entities.scan(flow.type)) {
    const alone = entities.filter(({ records }) => records.CUSTOMCRM !== null && records.EXACT === null);
    const refs = alone.map(({ records }) => ({ system: "CUSTOMCRM" as const, type: flow.customcrm, id: records.CUSTOMCRM ?? "" }));
    const snapshots = await store.snapshots.get(refs);
    alone.forEach((entity, i) => {
      const named = snapshots[i]?.deletedAt === null ? snapshots[i]?.record.properties[flow.externalId] : null;
      if (typeof named !== "string" || named === "") return;
      const exactId = named.toLowerCase();
      claims.set(exactId, [...(claims.get(exactId) ?? []), entity.id]);
    });
  }
  let joined = 0;
  for (const [exactId, ids] of claims) {
    const [id] = ids;
    if (!id || ids.length > 1) continue;
    const [ownerId] = await store.entities.idsOfRecords([{ system: "EXACT", type: recordTypeOf(flow, "EXACT"), id: exactId }]);
    const [customcrm, exact] = ownerId ? await store.entities.get([id, ownerId]) : [];
    if (customcrm && exact && isFree(exact) && (await commitJoin(parts, customcrm, exact, "CREATED"))) joined++;
  }
  return joined;
}

const isFree = ({ records }: Entity): boolean => records.EXACT !== null && records.CUSTOMCRM === null;

async function linkedOf({ store }: RebuildParts, type: Entity["type"]): Promise<{ linked: number; unlinked: number; customcrmAlone: number }> {
  const sums = { linked: 0, unlinked: 0, customcrmAlone: 0 };
  for await (const entities of store.entities.scan(type)) {
    for (const { records } of entities) {
      const isLinked = records.CUSTOMCRM !== null && records.EXACT !== null;
      if (isLinked) sums.linked++;
      else sums.unlinked++;
      if (!isLinked && records.CUSTOMCRM !== null) sums.customcrmAlone++;
    }
    // Planned as paused: the gateway is to look at them with its own eyes.
    await store.feeds.markDirty(entities.map(({ id }) => id));
  }
  return sums;
}
