import { type Dataflow, dataflowOf, dataflows } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import { InvalidInputError } from "../../domain/errors.js";
import { type EntityType, type ExactType, isoTime } from "../../domain/words.js";
import { type Commit, type Store, unreadFeed } from "../../store/store.js";
import { writeOf } from "../document.js";
import { unsettled } from "../links.js";
import { changeDataflow } from "../policy.js";

/** As which of Exact's records each type is kept in a link map. A link holds an id alone, so this must stand beside it. */
type Targets = { readonly [T in EntityType]?: ExactType };

const key = "exact-types";
const targetsOf = (flows: readonly Dataflow[]): Targets => Object.fromEntries(flows.map(({ type, exact }) => [type, exact]));
/** null: the link map is older than this, or new. */
const toldTargets = async (store: Store): Promise<Targets | null> => (await store.documents.get<Targets>("meta", key))?.value ?? null;

/**
 * That a link map was made by this table. One without links to Exact's records is taken over; any other is refused with
 * `InvalidInputError`, as the ids of contacts would be taken for those of items.
 */
export async function checkTargets(store: Store, flows: readonly Dataflow[]): Promise<void> {
  const told = await toldTargets(store);
  const kept = told ?? targetsOf(dataflows);
  for (const { type, exact } of flows.filter((flow) => kept[flow.type] !== flow.exact)) {
    let count = 0;
    for await (const entities of store.entities.scan(type)) count += entities.filter(isInExact).length;
    if (count === 0) continue;
    throw new InvalidInputError(
      `The link map keeps ${count} ${type.toLowerCase()}s as ${kept[type]} of Exact, and dataflow.yml says ${exact}. Nothing was begun. ` +
        `Set dataflows.${type}.exact back to ${kept[type]}, or run: npm run links -- retarget (it cuts those links, and leaves both systems as they are).`,
    );
  }
  await keep(store, flows, told);
}

async function keep(store: Store, flows: readonly Dataflow[], told: Targets | null): Promise<void> {
  const targets = targetsOf(flows);
  if (JSON.stringify(told) !== JSON.stringify(targets)) await store.documents.set("meta", key, targets, null, { ttlMs: null });
}

export interface Retargeted {
  readonly cut: number;
  readonly forgotten: number;
}

/**
 * Makes a link map fit a table that keeps a type as other records of Exact: links are cut, what stands in Exact alone is forgotten,
 * and the dataflow begins again with its first contact, so that a person sees the plan before anything is written. The
 * old records stay in Exact; a Contacts row that no link knows is taken for a contact when it is read again. Throws while a
 * write to one of them may still land. May be repeated.
 */
export async function retarget(store: Store, flows: readonly Dataflow[], now: number): Promise<Retargeted> {
  const told = await toldTargets(store);
  const kept = told ?? targetsOf(dataflows);
  const done = { cut: 0, forgotten: 0 };
  for (const flow of flows.filter(({ type, exact }) => kept[type] !== exact)) {
    const stale: Entity[] = [];
    for await (const entities of store.entities.scan(flow.type)) stale.push(...entities.filter(isInExact));
    const open = stale.find(({ intents }) => intents.some(({ sentAt }) => sentAt !== null));
    if (open)
      throw new InvalidInputError(`A write for ${open.id} may still land. Start the gateway with the old dataflow.yml, let it end, and run this again.`);
    for (const entity of stale) {
      const { CUSTOMCRM: recordId } = entity.records;
      const result = await store.entities.commit(recordId === null ? forgetting(entity) : await parting(store, flow, entity, recordId, now));
      if (!result.ok) throw new InvalidInputError(`${entity.id} was written meanwhile: stop the gateway, and run this again.`);
      if (recordId === null) done.forgotten++;
      else done.cut++;
    }
    await changeDataflow(store, flow.type, "review", (state) => ({ ...state, confirmed: false }));
    // What was read of these records when they were last in use is old.
    await store.feeds.advance("EXACT", flow.exact, unreadFeed, []);
  }
  await keep(store, flows, told);
  return done;
}

const forgetting = ({ id, revision }: Entity): Commit => ({ put: [], remove: [{ id, revision, into: null }] });

async function parting(store: Store, flow: Dataflow, entity: Entity, recordId: string, now: number): Promise<Commit> {
  const { review: _review, refused: _refused, overruled: _overruled, timeUnknown: _time, externalIdOwed: _owed, awaits: _awaits, ...rest } = entity;
  const named = flow.rows.map(({ field }) => [field, entity.fields[field] ?? null] as const);
  const alone: Entity = {
    ...rest,
    ...unsettled,
    records: { CUSTOMCRM: recordId, EXACT: null },
    formerExactEntityId: null,
    state: "UNLINKED",
    origin: null,
    linkedAt: null,
    nextActionAt: null,
    cutFrom: [],
    fields: Object.fromEntries(named),
    version: entity.version + 1,
  };
  const [snapshot] = await store.snapshots.get([{ system: "CUSTOMCRM", type: flow.customcrm, id: recordId }]);
  const event = { at: isoTime(now), kind: "UNLINKED" as const, source: "GATEWAY" as const, actor: null, fields: [] };
  return { put: [writeOf(flow, alone, [event], snapshot?.record ?? null)], markDirty: [entity.id] };
}

/** It has a record there, or one may come about. */
const isInExact = ({ records, intents }: Entity): boolean => records.EXACT !== null || intents.some(({ system }) => system === "EXACT");

/** For a line of an exported link map: the records that its links are to, as `dataflow.yml` says now. */
export const isKeptAs = (flows: readonly Dataflow[], { type, records }: Entity, exact: ExactType | undefined): boolean =>
  records.EXACT === null || dataflowOf(flows, type).exact === (exact ?? dataflowOf(dataflows, type).exact);
