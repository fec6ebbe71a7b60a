import { type Dataflow, dataflowOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import { isoTime } from "../../domain/words.js";
import { batches } from "../batches.js";
import { writeOf } from "../document.js";
import { typeOfId } from "../engine.js";
import { referrers } from "../join.js";
import { parted } from "../links.js";
import { refresh } from "../look-over.js";
import { flowOfRecord } from "../mint.js";
import { asWriter, customcrmRecord, isBusy } from "./change.js";
import { type ActionParts, notFound, type Outcome, refusedWith, userError } from "./parts.js";
import { valuesOfSides, withoutUnknown } from "./sides.js";

/** Cuts a link in two. Both records stay as they are, are left alone, and are never proposed to each other again (R6). */
export async function unlink(parts: ActionParts, id: string, actor: string | null): Promise<Outcome> {
  const { store } = parts;
  const [found] = await store.entities.get([id]);
  if (!found) return refusedWith(notFound(id));
  const done = await asWriter(parts, [found.id], async (): Promise<Outcome> => {
    const [entity] = await store.entities.get([found.id]);
    if (!entity || entity.id !== found.id) return refusedWith(isBusy(parts), entity ?? null);
    if (entity.records.CUSTOMCRM === null || entity.records.EXACT === null) {
      return refusedWith(userError("NOT_LINKED", "It has a record in one system only: there is no link to cut.", { field: ["id"] }), entity);
    }
    return cut(parts, entity, actor);
  });
  if (!done) return refusedWith(isBusy(parts), found);
  parts.nudge?.();
  return done.value;
}

async function cut(parts: ActionParts, entity: Entity, actor: string | null): Promise<Outcome> {
  const { store, settings, clock } = parts;
  const flow = dataflowOf(settings.flows, entity.type);
  // An Exact Contacts row that no link knows is taken for a Contact, whatever it was the counterpart of.
  const exactFlow = flowOfRecord(settings.flows, "EXACT", recordTypeOf(flow, "EXACT")) ?? flow;
  const values = await valuesOfSides(parts, entity, exactFlow);
  const now = isoTime(clock());
  const halves = parted(
    withFormerIdOf(entity, exactFlow),
    () => parts.newId(exactFlow.type),
    {
      customcrm: withoutUnknown(flow, values.CUSTOMCRM ?? entity.fields),
      exact: withoutUnknown(exactFlow, values.EXACT ?? entity.fields),
    },
    now,
  );
  const customcrm = { ...forgotten(halves.customcrm), ...(entity.operations ? { operations: entity.operations } : {}) };
  const exact: Entity = { ...forgotten(halves.exact), type: exactFlow.type };
  const event = { at: now, kind: "UNLINKED" as const, source: "GATEWAY" as const, actor, fields: [] };
  const dependents = await referrers(parts, entity.type, [customcrm.id]);
  const result = await store.entities.commit({
    put: [writeOf(flow, customcrm, [event], await customcrmRecord(parts, customcrm)), writeOf(exactFlow, exact, [event])],
    ...(entity.formerExactEntityId === exact.id ? { reclaim: [exact.id] } : {}),
    // Who refers to either of them now means another one.
    markDirty: [customcrm.id, exact.id, ...dependents],
  });
  if (!result.ok) return refusedWith(isBusy(parts), entity);
  // Whom only one system knows stands under that system's half from now on, not after the next look: a person looks at once.
  for (const batch of batches(dependents, 200)) await refresh(parts, batch);
  return { entity: { ...customcrm, revision: customcrm.revision + 1 }, userErrors: [] };
}

/** An id tells the type; one of another type is not given back. */
function withFormerIdOf(entity: Entity, exactFlow: Dataflow): Entity {
  const former = entity.formerExactEntityId;
  const type = former === null ? undefined : typeOfId(former);
  return type === undefined || type === exactFlow.type ? entity : { ...entity, formerExactEntityId: null };
}

/** What was known of the pair says nothing of its halves. */
function forgotten(half: Entity): Entity {
  const { review: _review, refused: _refused, overruled: _overruled, timeUnknown: _time, externalIdOwed: _owed, operations: _operations, ...rest } = half;
  return rest;
}
