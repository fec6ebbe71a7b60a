import type { Fields } from "../../domain/canonical.js";
import { type Dataflow, dataflowOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { UserError } from "../../domain/operation.js";
import type { RecordRef } from "../../domain/record.js";
import { type EntityType, isoTime, type System, systems } from "../../domain/words.js";
import { titleOf } from "../decide/label.js";
import { same, unitsOf, valuesOf } from "../decide/units.js";
import { commitJoin } from "../join.js";
import { mintUnknown } from "../mint.js";
import { outcomeOf } from "../outcome.js";
import { readNow } from "../send.js";
import { asWriter, isBusy, settledNow } from "./change.js";
import { type ActionParts, type Outcome, refusedWith, userError } from "./parts.js";
import { type SideValues, valuesOfSides } from "./sides.js";
import { wantedFor } from "./wanted.js";

export interface LinkRecordsInput {
  readonly type: EntityType;
  readonly customcrmId: string;
  readonly exactId: string;
  /** Whose values stand where the two differ; else the policy decides. */
  readonly prefer?: System | null;
}

const readForMs = 5_000;

/** Joins two records by a person's word, whatever matching thinks of it. A record that nobody has seen yet is read now. */
export async function linkRecords(parts: ActionParts, input: LinkRecordsInput, actor: string | null): Promise<Outcome> {
  const flow = dataflowOf(parts.settings.flows, input.type);
  const refs: readonly RecordRef[] = [
    { system: "CUSTOMCRM", type: recordTypeOf(flow, "CUSTOMCRM"), id: input.customcrmId },
    // A guid is the same in capitals and in braces, as Exact's own pages show it.
    { system: "EXACT", type: recordTypeOf(flow, "EXACT"), id: input.exactId.replace(/[{}]/g, "").toLowerCase() },
  ];
  const owners = await Promise.all(refs.map((ref) => ownerOf(parts, ref)));
  const errors = owners.flatMap((owner) => ("code" in owner ? [owner] : []));
  const [customcrm, exact] = owners;
  if (!customcrm || !exact || "code" in customcrm || "code" in exact) return { entity: null, userErrors: errors };
  return joinBoth(parts, customcrm, exact, input.prefer ?? null, actor);
}

/** Joins two entities that a person named. */
export async function joinBoth(parts: ActionParts, one: Entity, other: Entity, prefer: System | null, actor: string | null): Promise<Outcome> {
  const linked = alreadyLinked(one, other);
  if (linked) return linked;
  const done = await asWriter(parts, [one.id, other.id], async (): Promise<Outcome> => {
    const [customcrm, exact] = await parts.store.entities.get([one.id, other.id]);
    if (!customcrm || !exact) return refusedWith(isBusy(parts), one);
    const taken = alreadyLinked(customcrm, exact);
    if (taken) return taken;
    const preferred = prefer ? preferredValues(parts, customcrm, await valuesOfPair(parts, customcrm, exact), prefer) : {};
    const exactId = exact.records.EXACT ?? "";
    const joined = await commitJoin(
      parts,
      {
        ...customcrm,
        cutFrom: customcrm.cutFrom.filter((id) => id !== exactId),
        ...(Object.keys(preferred).length > 0 ? { wanted: wantedFor(parts, customcrm, "UPDATE", preferred, actor) } : {}),
      },
      exact,
      "MANUAL",
      actor,
    );
    if (!joined) return refusedWith(isBusy(parts), customcrm);
    // Whoever could have been chosen as well must see that they no longer can.
    const involved = [customcrm, exact].flatMap((entity) => Object.keys(entity.review?.keys ?? {}));
    await parts.store.feeds.markDirty([...new Set(involved)].filter((id) => id !== customcrm.id && id !== exact.id));
    return { entity: joined, userErrors: [] };
  });
  if (!done) return refusedWith(isBusy(parts), one);
  const { entity, userErrors } = done.value;
  return entity && userErrors.length === 0 ? settledNow(parts, entity.id) : done.value;
}

function alreadyLinked(...pair: readonly Entity[]): Outcome | null {
  const linked = pair.find((entity) => systems.every((system) => entity.records[system] !== null));
  if (!linked) return null;
  const { CUSTOMCRM, EXACT } = linked.records;
  return refusedWith(
    userError("ALREADY_LINKED", `${CUSTOMCRM} in Customcrm and ${EXACT} in Exact Online are linked already. Cut that link first with unlink.`),
    linked,
  );
}

/** The entity of a record: as it is known, or minted from what its system shows now. */
async function ownerOf(parts: ActionParts, ref: RecordRef): Promise<Entity | UserError> {
  const known = await knownOwner(parts, ref);
  if (known) return known;
  const field = [ref.system === "EXACT" ? "exactId" : "customcrmId"];
  const none = userError("NOT_FOUND", `${titleOf(ref.system)} has no ${ref.type} record ${ref.id}.`, { field, system: ref.system });
  const { store, clock, connectors, settings, newId } = parts;
  try {
    const options = { class: "interactive", deadline: clock() + readForMs } as const;
    const found = await readNow({ snapshots: store.snapshots, clock }, connectors[ref.system], ref.type, [ref.id], options);
    const record = found.get(ref.id);
    if (!record) return none;
    await mintUnknown({ store, flows: settings.flows, clock, newId }, ref.system, [record]);
  } catch (error) {
    return unavailable(error, ref.system);
  }
  const minted = await knownOwner(parts, ref);
  const held = "It may be what a create that is under way has made. That is known in some minutes; try again then.";
  return minted ?? userError("SYSTEM_UNAVAILABLE", held, { field, system: ref.system, retryAt: isoTime(clock() + settings.quarantineMs) });
}

async function knownOwner({ store }: ActionParts, ref: RecordRef): Promise<Entity | null> {
  const [[id], [snapshot]] = await Promise.all([store.entities.idsOfRecords([ref]), store.snapshots.get([ref])]);
  if (!id || (snapshot && snapshot.deletedAt !== null)) return null;
  return (await store.entities.get([id]))[0] ?? null;
}

/** Why a system could not be asked. What is no known error goes up. */
export function unavailable(error: unknown, system: System): UserError {
  const outcome = outcomeOf(error);
  const retryAt = outcome.kind === "later" ? outcome.retryAt : null;
  const code = outcome.kind === "later" && outcome.code === "RATE_LIMITED" ? "RATE_LIMITED" : "SYSTEM_UNAVAILABLE";
  const message = "message" in outcome ? outcome.message : `${titleOf(system)} could not be read.`;
  return userError(code, message, { system, ...(retryAt ? { retryAt } : {}) });
}

async function valuesOfPair(parts: ActionParts, customcrm: Entity, exact: Entity): Promise<SideValues> {
  return valuesOfSides(parts, { ...customcrm, records: { CUSTOMCRM: customcrm.records.CUSTOMCRM, EXACT: exact.records.EXACT } });
}

/** The preferred side's values where both have one and they differ: a value beats no value even so (R4). */
function preferredValues({ settings }: ActionParts, { type }: Entity, values: SideValues, prefer: System): Fields {
  const { CUSTOMCRM: customcrm, EXACT: exact } = values;
  if (!customcrm || !exact) return {};
  const flow: Dataflow = dataflowOf(settings.flows, type);
  const units = unitsOf(flow).filter((unit) => {
    const [c, e] = [valuesOf(customcrm, unit), valuesOf(exact, unit)];
    return unit.direction === "BOTH" && !same(c, e) && !isWithin(c, e) && !isWithin(e, c);
  });
  return Object.assign({}, ...units.map((unit) => valuesOf(prefer === "EXACT" ? exact : customcrm, unit)));
}

const isWithin = (less: Fields, more: Fields): boolean => Object.keys(less).every((field) => less[field] === null || less[field] === more[field]);
