import { dataflows } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Operation } from "../../src/domain/operation.js";
import type { PlannedAction, Run } from "../../src/domain/run.js";
import { systems } from "../../src/domain/words.js";
import type { Store } from "../../src/store/store.js";
import { operationOfKey } from "../../src/sync/submit/idempotency.js";
import { agreement, allEntities, bijection, type Holdings } from "../helpers/promises.js";
import type { People } from "./people.js";
import { tokensIn } from "./tokens.js";

export interface Found {
  readonly broken: readonly string[];
  /** Edits in Exact that no answer had shown before a write of ours took their place. */
  readonly blind: number;
}

/** Every promise that can be checked from outside once nothing moves any more. */
export async function check(store: Store, held: Holdings, people: People, shown: ReadonlySet<string>): Promise<Found> {
  const entities = await allEntities(store);
  const lost = await losses(store, entities, held, people, shown);
  const broken = [
    ...bijection(entities, held),
    ...unlinked(entities),
    ...agreement(entities, held, dataflows),
    ...duplicates(held, people),
    ...(await mutations(store, held, people)),
    ...(await runs(store, people)),
    ...lost.broken,
  ];
  return { broken, blind: lost.blind };
}

/** Nobody deletes, nobody refuses, and every customer is wanted in Exact: nothing but a link can be an entity's end. */
const unlinked = (entities: readonly Entity[]): readonly string[] =>
  entities
    .filter((entity) => entity.state !== "LINKED")
    .map(({ id, state, problem }) => `I7 ${id} is ${state}: ${problem?.code ?? ""} ${problem?.message ?? ""}`);

function duplicates(held: Holdings, people: People): readonly string[] {
  return people.names.flatMap((name) =>
    systems.flatMap((system) => {
      const count = [...held[system].values()].filter((record) => record.properties.Name === name).length;
      return count > 1 ? [`I3 ${name} stands ${count} times in ${system}.`] : [];
    }),
  );
}

/** I9: APPLIED stands on both sides, REJECTED on none, and nothing is PENDING any more. */
async function mutations(store: Store, held: Holdings, people: People): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of people.sent) {
    // A gateway that lets everybody in knows no callers.
    const id = await operationOfKey(store.documents, one.key, null);
    const operation = id === null ? null : await store.documents.get<Operation>("operation", id);
    const status = operation?.value.status ?? one.status;
    const on = systems.filter((system) => [...held[system].values()].some((record) => Object.values(record.properties).includes(one.token)));
    if (status === null) found.push(`I9 ${one.key} never had an answer.`);
    if (status === "PENDING" || status === "PARTIAL") found.push(`I9 ${one.key} is ${status} at the end.`);
    if (status === "REJECTED" && on.length > 0) found.push(`I9 ${one.key} was REJECTED, and stands in ${on.join(" and ")}.`);
    const isCreate = "fields" in one.input;
    if (status === "APPLIED" && isCreate && on.length < 2) found.push(`I9 ${one.key} is APPLIED, and stands only in ${on.join("") || "neither"}.`);
  }
  return found;
}

/** Every run has come to its end, and its tally counts nothing twice. */
async function runs(store: Store, people: People): Promise<readonly string[]> {
  const found: string[] = [];
  for (const id of people.runs) {
    const run = (await store.documents.get<Run>("run", id))?.value;
    if (!run || !["DONE", "FAILED", "CANCELLED"].includes(run.state)) found.push(`I7 the run ${id} is ${run?.state ?? "gone"} at the end.`);
    const { items } = await store.documents.slice<PlannedAction>("plan", id, 0, 1_000_000);
    const made = new Set(
      items.filter(({ kind }) => kind === "CREATE").map((item) => [item.type, item.system, item.customcrmId, item.exactId, item.label].join(" ")),
    );
    // What came to nothing is told, and not counted.
    if (run && run.progress.created > made.size) found.push(`The run ${id} counts ${run.progress.created} creates, and tells of ${made.size}.`);
  }
  return found;
}

/** I4: a value that was entered stands somewhere, was replaced by a person, or lost and is in the history. */
async function losses(store: Store, entities: readonly Entity[], held: Holdings, people: People, shown: ReadonlySet<string>): Promise<Found> {
  const known = new Set(systems.flatMap((system) => [...held[system].values()].flatMap((record) => tokensIn(JSON.stringify(record.properties)))));
  for (const { id } of entities) for (const token of tokensIn(JSON.stringify((await store.entities.history(id, 200, null)).events))) known.add(token);
  const gone = [...people.entered.values()].filter((one) => one.system !== "API" && !one.isReplaced && !known.has(one.token));
  const broken = gone.filter((one) => one.system !== "EXACT" || shown.has(one.token));
  return { broken: broken.map((one) => `I4 ${one.token}, entered in ${one.system} ${one.where}, is gone without a word.`), blind: gone.length - broken.length };
}
