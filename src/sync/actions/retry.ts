import type { Fields } from "../../domain/canonical.js";
import { type Dataflow, dataflowOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity, ProblemCode } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import type { UserError } from "../../domain/operation.js";
import { type EntityType, isoTime, otherSystem, type System } from "../../domain/words.js";
import { externalIdRefusals } from "../decide/extras.js";
import { sideOf } from "../decide/label.js";
import { settle } from "../settle.js";
import { type Change, change, changeAndSettle } from "./change.js";
import { type ActionParts, type Outcome, whyNoCreate } from "./parts.js";
import { wantedFor } from "./wanted.js";

/** Tries again what was refused or ignored, without waiting for anything; what is detached is created anew. */
export function retry(parts: ActionParts, ids: readonly string[], actor: string | null): Promise<readonly Outcome[]> {
  return Promise.all(ids.map((id) => changeAndSettle(parts, id, (entity) => triedAgain(parts, entity, actor))));
}

/** Many are changed one after the other and settled together; those beyond are settled in the background. */
const settledAtOnce = 48;
const settleForMs = 3_000;

/**
 * All that have FAILED, or only those with this problem; how many. A code that detached entities have, such as
 * DELETED_ELSEWHERE, means those too: so what a bad night has deleted is created anew.
 */
export async function retryAll(parts: ActionParts, types: readonly EntityType[], code: string | null, actor: string | null): Promise<number> {
  const states = code !== null && isDetachment(code) ? (["FAILED", "DETACHED"] as const) : (["FAILED"] as const);
  const isMeant = (entity: Entity) => code === null || entity.problem?.code === code;
  return changeAll(parts, types, states, isMeant, (entity) => triedAgain(parts, entity, actor));
}

const isDetachment = (code: string): boolean =>
  (["DELETED_ELSEWHERE", "EDITED_SINCE_DELETION", "MERGED_AWAY", "CUT_BY_PERSON"] satisfies ProblemCode[] as readonly string[]).includes(code);

/** Changes all entities in these states that are meant; gives how many were. */
export async function changeAll(
  parts: ActionParts,
  types: readonly EntityType[],
  states: readonly Entity["state"][],
  isMeant: (entity: Entity) => boolean,
  decide: (entity: Entity) => Promise<Change | UserError>,
): Promise<number> {
  // All ids first: what is changed leaves its place in the list that is being read.
  const ids: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page = await parts.store.entities.listLinks(types, states, limits.list.maxFirst, after);
    ids.push(...page.entities.filter(isMeant).map((entity) => entity.id));
    after = page.cursors.at(-1) ?? null;
    more = page.hasNextPage;
  }
  const changed: string[] = [];
  for (const id of ids) {
    const { userErrors } = await change(parts, id, decide);
    if (userErrors.length === 0) changed.push(id);
  }
  const options = { class: "interactive", urgent: true, deadline: parts.clock() + settleForMs } as const;
  await settle(parts, changed.slice(0, settledAtOnce), options);
  if (changed.length > 0) parts.nudge?.();
  return changed.length;
}

async function triedAgain(parts: ActionParts, entity: Entity, actor: string | null): Promise<Change | UserError> {
  if (entity.state === "DETACHED" && sideOf(entity) !== null) return createdAnew(parts, entity, actor);
  return { entity: cleared(parts, entity) };
}

/** A detached record gets a counterpart again; matching still runs first (R6). */
export async function createdAnew(parts: ActionParts, entity: Entity, actor: string | null): Promise<Change | UserError> {
  const flow = dataflowOf(parts.settings.flows, entity.type);
  const refusal = await whyNoCreate(parts, entity.type, recordTypeOf(flow, otherSystem(sideOf(entity) ?? "EXACT")));
  if (refusal) return refusal;
  return { entity: { ...cleared(parts, entity), state: "PENDING", problem: null, wanted: wantedFor(parts, entity, "CREATE", {}, actor) } };
}

/** What a system has no property for stays known: it would be refused with every write. */
function cleared({ settings, clock }: ActionParts, entity: Entity): Entity {
  const flow = dataflowOf(settings.flows, entity.type);
  return {
    ...entity,
    ...(entity.refused ? { refused: externalIdRefusals(flow, entity) } : {}),
    ignored: [],
    shadows: { CUSTOMCRM: unsettled(flow, entity, "CUSTOMCRM"), EXACT: unsettled(flow, entity, "EXACT") },
    // Back-off is not waited out; a write whose answer was lost still is (R8).
    intents: entity.intents.map((intent) => (intent.sentAt === null ? { ...intent, nextAttemptAt: null } : intent)),
    nextActionAt: isoTime(clock()),
  };
}

/** This side's shadow with what the other side has ignored as an edit made here: so it travels once more (R5). */
function unsettled({ rows }: Dataflow, { shadows, ignored }: Entity, system: System): Fields | null {
  const shadow = shadows[system];
  const bases = ignored
    .filter((one) => one.system !== system)
    .flatMap(({ field, returned }) => {
      const row = rows.find((candidate) => candidate.field === field);
      // What the other side refers to goes by another id here.
      return row ? [[field, row.refersTo ? null : returned] as const] : [];
    });
  return shadow && { ...shadow, ...Object.fromEntries(bases) };
}
