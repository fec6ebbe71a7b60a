import { type DataflowRow, dataflowOf, propertyOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Operation } from "../../src/domain/operation.js";
import { systems } from "../../src/domain/words.js";
import type { Asked } from "./clients.js";
import { tokenIn } from "./oracle.js";
import type { World } from "./world.js";

/**
 * I9: a mutation has ended, or its entity says what it waits for; REJECTED has left no value on either side, APPLIED is on both
 * unless somebody has changed that since, and what was asked twice with one key was done once.
 */
export async function mutations(world: World): Promise<readonly string[]> {
  const standing = world.systems.texts().join("\n");
  const found: string[] = [];
  // The newest first: what an older one asked for may have been seen, and taken over, by a newer one.
  const seen = new Set<string>();
  for (const asked of [...world.clients.asked].reverse()) {
    const all = [...world.clients.operations.values()].filter((one) => isOf(one, asked));
    const say = (text: string) => found.push(`I9 ${all[0]?.id ?? "a mutation"} (${JSON.stringify(asked.submission.fields)}) ${text}`);
    if (all.length > 1 && asked.tokens.size > 0) say(`was recorded ${all.length} times.`);
    const [operation] = all;
    const tokens = [...asked.tokens.values()];
    const isNothing = !operation || operation.status === "REJECTED";
    for (const token of tokens) if (isNothing && standing.includes(token) && !isLeftBehind(world, token)) say(`is ${toldOf(operation)}, and ${token} stands.`);
    // What was taken over by a newer one may have been written all the same.
    const hasLanded = operation?.writes.some((write) => write.status === "APPLIED");
    if (!isNothing || hasLanded || tokens.some((token) => seen.has(token))) replaced(world, asked, seen);
    if (isNothing) continue;
    const [entity] = operation.entityId === null ? [] : await world.store.entities.get([operation.entityId]);
    if (operation.status === "PENDING" && !isExcused(entity ?? null)) say(`is PENDING, and its entity is ${entity?.state ?? "gone"}.`);
    if (operation.status === "APPLIED") for (const text of await notApplied(world, operation, asked, entity ?? null)) say(text);
  }
  return found;
}

/** Of a create whose answer was lost, in a record that nobody can tell is its own any more (A4). */
const isLeftBehind = ({ oracle }: World, token: string): boolean => oracle.creations.some((one) => one.tokens.includes(token) && oracle.isUnrecognisable(one));

function replaced({ oracle }: World, { saw }: Asked, seen: Set<string>): void {
  for (const token of saw) {
    seen.add(token);
    oracle.superseded(token);
  }
}

const toldOf = (operation: Operation | undefined): string =>
  operation ? `${operation.status} (${operation.userErrors.map(({ code, message }) => `${code}: ${message}`).join(" ")})` : "not recorded";

/** A deletion has no values to know it by: there it is the entity. */
const isOf = (operation: Operation, { submission, tokens }: Asked): boolean =>
  operation.kind === submission.kind &&
  (tokens.size > 0
    ? [...tokens.values()].every((token) => Object.values(operation.set).some((value) => tokenIn(value) === token))
    : operation.entityId === submission.id);

const isExcused = (entity: Entity | null): boolean => entity !== null && ["WAITING", "REVIEW", "FAILED"].includes(entity.state) && entity.problem !== null;

async function notApplied(world: World, operation: Operation, asked: Asked, entity: Entity | null): Promise<readonly string[]> {
  if (operation.kind === "DELETE") return entity ? [`is APPLIED, and the entity is ${entity.state}.`] : [];
  // Nothing that both sides were told of is left to compare, or was cut apart since.
  if (!entity || entity.state === "DETACHED") return [];
  const told = new Set(operation.userErrors.flatMap((error) => error.field ?? []));
  const lostAtLink = await decidedAtLink(world, entity, asked);
  const flow = dataflowOf(world.character.settings.flows, operation.type);
  return [...asked.tokens].flatMap(([field, token]) => {
    const row = flow.rows.find((one) => one.field === field);
    if (!row || told.has(field) || lostAtLink.has(token) || isChangedSince(world, entity, row, asked)) return [];
    return systems.flatMap((system) => {
      const id = entity.records[system];
      const value = id === null ? null : world.systems.propertiesOf(system, id)?.[propertyOf(row, system)];
      return id !== null && tokenIn(value) !== token ? [`is APPLIED, and ${field} is ${value} in ${system}.`] : [];
    });
  });
}

/**
 * Values that were asked for while the record stood alone, and met another one when it was linked: nobody knows what the two agreed on
 * before, so that the policy decides (R4). One that waits for a person is half of a conflict; one that has lost stands in the history.
 */
async function decidedAtLink({ linkedAt, store }: World, { id, records, conflicts }: Entity, { step, tokens }: Asked): Promise<ReadonlySet<string>> {
  const linked = Math.max(...systems.map((system) => linkedAt.get(`${system}:${records[system]}`) ?? 0));
  if (linked <= step) return new Set();
  const { events } = await store.entities.history(id, 200, null);
  const lost = events.flatMap(({ fields }) => fields.map((change) => tokenIn(change.lost)));
  const halves = conflicts.flatMap(({ customcrm, exact }) => [tokenIn(customcrm), tokenIn(exact)]);
  return new Set([...tokens.values()].filter((token) => lost.includes(token) || halves.includes(token)));
}

/** By a person in one of the systems, or by another client. */
function isChangedSince({ oracle, clients }: World, entity: Entity, row: DataflowRow, { step, submission }: Asked): boolean {
  const byPerson = systems.some((system) =>
    [...oracle.edits.values(), ...oracle.clears].some(
      (one) => one.system === system && one.recordId === entity.records[system] && one.property === propertyOf(row, system) && one.step > step,
    ),
  );
  const ids = [entity.id, submission.id];
  return byPerson || clients.asked.some((one) => one.step > step && ids.includes(one.submission.id) && one.tokens.has(row.field));
}
