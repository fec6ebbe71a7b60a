import { createHash } from "node:crypto";
import type { Entity, FieldChange } from "../../domain/entity.js";
import type { PlannedAction, PlannedActionKind, RunCounts } from "../../domain/run.js";
import type { EntityType } from "../../domain/words.js";
import type { EntityReader, TallyNote } from "../../store/store.js";
import { labelOf } from "../decide/label.js";
import type { Observation, Plan } from "../decide/observation.js";
import { isPlanned } from "./rehearsal.js";

/** What changes something; all others tell how an entity stands. */
const doing: readonly PlannedActionKind[] = ["LINK", "CREATE", "UPDATE", "DELETE", "DETACH", "ARCHIVE"];

const countedDone: { readonly [K in PlannedActionKind]?: keyof RunCounts } = {
  LINK: "linked",
  CREATE: "created",
  UPDATE: "updated",
  DELETE: "deleted",
  ARCHIVE: "deleted",
};

/** Of what stands: a person must come first, or it was refused. What waits for another entity counts for nothing yet. */
const countedStanding: { readonly [K in PlannedActionKind]?: keyof RunCounts } = { REVIEW: "review", CONFLICT: "review", NONE: "failed" };

/**
 * Writes down what one process does for a run, or would do: each thing done as it comes, and of each entity, how it stands.
 * The run's tally makes one of what all of them write. Dry runs and real ones are written down by the same rules.
 */
export class Recorder {
  #notes: TallyNote[] = [];

  constructor(private readonly types: readonly EntityType[]) {}

  planned({ entity }: Pick<Observation, "entity">, plan: Plan): void {
    if (!this.types.includes(entity.type)) return;
    const seen = { entityId: entity.id, revision: entity.revision };
    if (doing.includes(plan.kind)) {
      const action = actionOf(entity, plan);
      this.#notes.push({ ...seen, kind: "done", counted: countedDone[plan.kind] ?? null, alike: digestOf(action), item: action });
    } else if (plan.kind === "NONE" && plan.next.state !== "FAILED") {
      this.#notes.push({ ...seen, kind: "rests", counted: "unchanged" });
    } else {
      this.#notes.push({ ...seen, kind: "stands", counted: countedStanding[plan.kind] ?? null, item: actionOf(entity, plan) });
    }
  }

  settled(before: Entity, after: Entity | null, plan: Plan): void {
    if (!this.types.includes(before.type) || !after) return;
    const seen = { entityId: after.id, revision: after.revision };
    if (plan.kind === "CREATE" && plan.system && after.records[plan.system] === null) this.#notes.push({ ...seen, kind: "undone", counted: "created" });
    if (after.state !== "FAILED") return;
    const reason = after.problem?.message ?? plan.reason;
    const item: PlannedAction = { ...actionOf(after, plan), kind: "NONE", system: after.problem?.system ?? null, reason };
    this.#notes.push({ ...seen, kind: "stands", counted: "failed", item });
  }

  /** What was written down since the last time, with the ids that links have found. */
  async take(entities: EntityReader): Promise<readonly TallyNote[]> {
    const notes = this.#notes.splice(0);
    try {
      return await named(notes, entities);
    } catch (error) {
      this.giveBack(notes);
      throw error;
    }
  }

  /** They could not be told, and are taken again. */
  giveBack(notes: readonly TallyNote[]): void {
    this.#notes.unshift(...notes);
  }
}

const digestOf = (action: PlannedAction): string => createHash("sha1").update(JSON.stringify(action)).digest("base64url");

/** Enough to know a link's two records by once they are joined. */
async function named(notes: readonly TallyNote[], entities: EntityReader): Promise<readonly TallyNote[]> {
  const isLink = (note: TallyNote) => note.kind === "done" && note.counted === "linked";
  const ids = notes.filter(isLink).map(({ entityId }) => entityId);
  if (ids.length === 0) return notes;
  const found = await entities.get(ids);
  const byId = new Map(ids.map((id, i) => [id, found[i] ?? null]));
  return notes.map((note) => {
    const pair = isLink(note) ? byId.get(note.entityId) : null;
    if (!pair || note.kind !== "done") return note;
    return { ...note, item: { ...(note.item as PlannedAction), customcrmId: pair.records.CUSTOMCRM, exactId: pair.records.EXACT } };
  });
}

function actionOf(entity: Entity, plan: Plan): PlannedAction {
  const matched = plan.link?.matchedOn.map((field): FieldChange => {
    const value = entity.fields[field] ?? null;
    return { field, before: value, after: value, lost: null, lostFrom: null, decidedBy: null };
  });
  return {
    kind: plan.kind,
    type: entity.type,
    system: plan.system,
    label: labelOf(plan.next.fields),
    customcrmId: known(entity.records.CUSTOMCRM),
    exactId: known(entity.records.EXACT),
    fields: matched ?? plan.changes,
    reason: plan.reason,
  };
}

const known = (id: string | null): string | null => (id !== null && isPlanned(id) ? null : id);
