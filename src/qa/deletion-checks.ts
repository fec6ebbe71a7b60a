import { type Dataflow, recordTypeOf } from "../domain/dataflow.js";
import { systemNames } from "../domain/dataflow-sentences.js";
import { isRequired } from "../domain/required.js";
import { otherSystem, type System, systems } from "../domain/words.js";
import { type Finding, standing, until } from "./bench.js";
import { type Pair, shown, type Workshop } from "./pairs.js";
import type { Results } from "./results.js";
import { nameIn } from "./rule-checks.js";

/** What a deletion does to the other side, either way, and that it never takes an edit with it (R9). */
export async function checkDeletion(results: Results, section: string, flow: Dataflow, workshop: Workshop): Promise<void> {
  for (const from of systems) {
    const survivor = nameIn(flow, otherSystem(from));
    const name = `Deleted in ${systemNames[from]}: ${fateWords(flow, from, survivor)}`;
    await results.check(section, name, () => withPair(flow, workshop, (pair) => deleted(flow, pair, from, workshop)));
  }
  await results.check(
    section,
    `Deleted in ${systemNames.CUSTOMCRM} and edited in ${systemNames.EXACT} since: the edit wins, and the ${nameIn(flow, "EXACT")} stays.`,
    () => withPair(flow, workshop, (pair) => editedSince(flow, pair, workshop)),
  );
}

async function withPair(flow: Dataflow, workshop: Workshop, look: (pair: Pair) => Promise<Finding>): Promise<Finding> {
  const pair = await workshop.pair(flow);
  return typeof pair === "string" ? `there is no pair to delete of: ${pair}` : look(pair);
}

type Fate = "STAYS" | "ENDS" | "GOES";

const fateOf = (flow: Dataflow, from: System): Fate =>
  flow.onDelete === "PROPAGATE" ? "GOES" : flow.onDelete === "ARCHIVE" && from === "CUSTOMCRM" ? "ENDS" : "STAYS";

function fateWords(flow: Dataflow, from: System, survivor: string): string {
  const words = {
    STAYS: `the link is cut, and the ${survivor} stays.`,
    ENDS: `the ${survivor} is given an end date.`,
    GOES: `the ${survivor} is deleted, too.`,
  };
  return words[fateOf(flow, from)];
}

async function deleted(flow: Dataflow, pair: Pair, from: System, workshop: Workshop): Promise<Finding> {
  await workshop.remove(flow, from, pair);
  const to = otherSystem(from);
  return until(workshop.bench, async () => {
    const survivor = await workshop.read(flow, to, pair);
    const fate = fateOf(flow, from);
    if (fate === "GOES") return survivor === null ? null : `the ${recordTypeOf(flow, to)} is still there`;
    const entity = await workshop.entityOf(flow.type, to, pair[to]);
    if (survivor === null) return `the ${recordTypeOf(flow, to)} is gone, too`;
    if (entity?.state !== "DETACHED" || entity.records[from] !== null) return standing(entity);
    return fate === "ENDS" && (survivor.EndDate ?? null) === null ? `EndDate holds ${shown(null)}` : null;
  });
}

async function editedSince(flow: Dataflow, pair: Pair, workshop: Workshop): Promise<Finding> {
  const row = flow.rows.find((one) => isRequired(flow, one, "CUSTOMCRM") && !one.refersTo);
  if (!row) return null;
  const value = workshop.sample(flow)[row.field] ?? null;
  await workshop.edit(flow, "EXACT", pair, { [row.field]: value });
  await workshop.remove(flow, "CUSTOMCRM", pair);
  return until(workshop.bench, async () => {
    const entity = await workshop.entityOf(flow.type, "EXACT", pair.EXACT);
    if ((await workshop.read(flow, "EXACT", pair)) === null) return "it was deleted, with its edit";
    return entity?.problem?.code === "EDITED_SINCE_DELETION" ? null : standing(entity);
  });
}
