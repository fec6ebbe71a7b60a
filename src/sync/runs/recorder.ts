import type { Entity, FieldChange } from "../../domain/entity.js";
import type { PlannedAction, PlannedActionKind, RunProgress } from "../../domain/run.js";
import type { EntityType } from "../../domain/words.js";
import type { EntityReader } from "../../store/store.js";
import { labelOf } from "../decide/label.js";
import type { Observation, Plan } from "../decide/observation.js";
import { isPlanned } from "./rehearsal.js";

type Counts = Pick<RunProgress, "linked" | "created" | "updated" | "deleted" | "unchanged" | "review" | "failed">;

/** What changes something; all others tell how an entity stands. */
const doing: readonly PlannedActionKind[] = ["LINK", "CREATE", "UPDATE", "DELETE", "DETACH", "ARCHIVE"];

interface Noted {
  readonly entityId: string;
  readonly action: PlannedAction;
}

/**
 * Writes down what a run does, or would do: each thing done as it comes, and at the end, of each entity, how it stands if a
 * person or another entity must come first. Dry runs and real ones are written down by the same rules.
 */
export class Recorder {
  #done: Noted[] = [];
  readonly #standing = new Map<string, Noted>();
  /** By entity, the last thing done: the same plan made again is one thing. */
  readonly #last = new Map<string, string>();
  readonly #unchanged = new Set<string>();
  readonly #counts = { linked: 0, created: 0, updated: 0, deleted: 0 };

  constructor(private readonly types: readonly EntityType[]) {}

  planned({ entity }: Observation, plan: Plan): void {
    if (!this.types.includes(entity.type)) return;
    const noted = { entityId: entity.id, action: actionOf(entity, plan) };
    if (!doing.includes(plan.kind)) {
      this.#stands(entity, plan, noted);
      return;
    }
    this.#standing.delete(entity.id);
    this.#unchanged.delete(entity.id);
    const told = JSON.stringify(noted.action);
    if (this.#last.get(entity.id) === told) return;
    this.#last.set(entity.id, told);
    this.#done.push(noted);
    const counted = countedAs[plan.kind];
    if (counted) this.#counts[counted]++;
  }

  settled(before: Entity, after: Entity | null, plan: Plan): void {
    if (!this.types.includes(before.type) || !after) return;
    if (plan.kind === "CREATE" && plan.system && after.records[plan.system] === null) {
      this.#counts.created--;
      this.#last.delete(before.id);
    }
    if (after.state !== "FAILED") return;
    const reason = after.problem?.message ?? plan.reason;
    this.#standing.set(after.id, { entityId: after.id, action: { ...actionOf(after, plan), kind: "NONE", system: after.problem?.system ?? null, reason } });
  }

  get counts(): Counts {
    const standing = [...this.#standing.values()].map(({ action }) => action.kind);
    return {
      ...this.#counts,
      unchanged: this.#unchanged.size,
      review: standing.filter((kind) => kind === "REVIEW" || kind === "CONFLICT").length,
      failed: standing.filter((kind) => kind === "NONE").length,
    };
  }

  /** What was done since the last time, with the ids that links have found. */
  async take(entities: EntityReader): Promise<readonly PlannedAction[]> {
    return named(this.#done.splice(0), entities);
  }

  /** How the others stand, once nothing more is done. */
  standing(): readonly PlannedAction[] {
    return [...this.#standing.values()].map(({ action }) => action);
  }

  #stands(entity: Entity, plan: Plan, noted: Noted): void {
    if (plan.kind !== "NONE" || plan.next.state === "FAILED") this.#standing.set(entity.id, noted);
    else this.#standing.delete(entity.id);
    if (plan.kind === "NONE" && plan.next.state !== "FAILED" && !this.#last.has(entity.id)) this.#unchanged.add(entity.id);
  }
}

const countedAs: { readonly [K in PlannedActionKind]?: "linked" | "created" | "updated" | "deleted" } = {
  LINK: "linked",
  CREATE: "created",
  UPDATE: "updated",
  DELETE: "deleted",
  ARCHIVE: "deleted",
};

/** Enough to know a link's two records by once they are joined. */
async function named(all: readonly Noted[], entities: EntityReader): Promise<readonly PlannedAction[]> {
  const links = all.filter(({ action }) => action.kind === "LINK");
  const found = links.length > 0 ? await entities.get(links.map(({ entityId }) => entityId)) : [];
  const byId = new Map(links.map(({ entityId }, i) => [entityId, found[i] ?? null]));
  return all.map(({ entityId, action }) => {
    const pair = action.kind === "LINK" ? byId.get(entityId) : null;
    return pair ? { ...action, customcrmId: pair.records.CUSTOMCRM, exactId: pair.records.EXACT } : action;
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
