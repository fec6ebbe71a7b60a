import { canonical } from "../domain/canonical.js";
import { type Dataflow, type DataflowRow, propertyOf } from "../domain/dataflow.js";
import { systemNames } from "../domain/dataflow-sentences.js";
import type { Properties } from "../domain/record.js";
import { otherSystem, type System, systems } from "../domain/words.js";
import { type Finding, standing, until } from "./bench.js";
import { type Pair, shown, type Values, valueAt, type Workshop } from "./pairs.js";
import type { Results } from "./results.js";

/** Longer than clocks may differ (R3). */
const laterMs = 10 * 60_000;

/** Both sides are edited apart since they last agreed: each row's policy decides, and no value is lost without a trace. */
export async function checkConflict(results: Results, section: string, flow: Dataflow, pair: Pair, workshop: Workshop): Promise<void> {
  await results.check(section, "Edited on both sides at the same time: each field's policy decides, and what lost is in the history.", () =>
    collide(flow, pair, null, workshop),
  );
  const { passTime } = workshop.bench;
  const check = `Edited in ${systemNames.EXACT} ten minutes after ${systemNames.CUSTOMCRM}: where the newest wins, that is ${systemNames.EXACT}'s value.`;
  if (!flow.rows.some((row) => row.policy === "NEWEST" && row.direction === "BOTH")) return;
  if (passTime === null) results.skip(section, null, check, "it would take ten minutes on real systems");
  else await results.check(section, check, () => collide(flow, pair, () => passTime(laterMs), workshop));
}

async function collide(flow: Dataflow, pair: Pair, between: (() => Promise<void>) | null, workshop: Workshop): Promise<Finding> {
  const rows = flow.rows.filter((row) => !row.refersTo);
  const set = { CUSTOMCRM: editsOf(flow, rows, "NL", workshop), EXACT: editsOf(flow, rows, "BE", workshop) };
  await workshop.edit(flow, "CUSTOMCRM", pair, set.CUSTOMCRM);
  await between?.();
  await workshop.edit(flow, "EXACT", pair, set.EXACT);
  return until(workshop.bench, async () => {
    const records = { CUSTOMCRM: await workshop.read(flow, "CUSTOMCRM", pair), EXACT: await workshop.read(flow, "EXACT", pair) };
    const lost = await lostValues(flow, pair, workshop);
    const wrong = rows.map((row) => outcomeOf(row, set, records, between !== null, lost)).find((finding) => finding !== null);
    if (wrong === undefined) return null;
    return `${wrong} (${standing(await workshop.entityOf(flow.type, "CUSTOMCRM", pair.CUSTOMCRM))})`;
  });
}

/** What a row should hold on each side; the value that lost must be in the history. */
function outcomeOf(
  row: DataflowRow,
  set: { readonly [S in System]: Values },
  records: { readonly [S in System]: Properties | null },
  isExactLater: boolean,
  lost: ReadonlySet<string>,
): Finding {
  const winner = winnerOf(row, isExactLater);
  const at = (system: System) => canonical(row.kind, valueAt(set[system][row.field], system));
  for (const system of systems) {
    const have = canonical(row.kind, records[system]?.[propertyOf(row, system)]);
    const want = at(winner ?? system);
    if (have !== want) return `${systemNames[system]} ${propertyOf(row, system)} holds ${shown(have)}, not ${shown(want)}`;
  }
  if (winner === null) return null;
  const loser = at(otherSystem(winner));
  return loser === at(winner) || lost.has(`${row.field}=${loser}`) ? null : `${shown(loser)} of ${row.field} lost, and is not in the history`;
}

/** Within the clocks' tolerance the order is unknown, and Customcrm wins (R3); null: it waits for a person. */
function winnerOf(row: DataflowRow, isExactLater: boolean): System | null {
  if (row.direction !== "BOTH") return row.direction === "TO_EXACT" ? "CUSTOMCRM" : "EXACT";
  if (row.policy === "MANUAL") return null;
  if (row.policy === "NEWEST") return isExactLater ? "EXACT" : "CUSTOMCRM";
  return row.policy;
}

async function lostValues(flow: Dataflow, pair: Pair, workshop: Workshop): Promise<ReadonlySet<string>> {
  const entity = await workshop.entityOf(flow.type, "CUSTOMCRM", pair.CUSTOMCRM);
  const history = entity ? await workshop.bench.store.entities.history(entity.id, 50, null) : { events: [] };
  return new Set(history.events.flatMap((event) => event.fields.flatMap(({ field, lost }) => (lost === null ? [] : [`${field}=${lost}`]))));
}

/** A value for each row, none of them the other side's. */
function editsOf(flow: Dataflow, rows: readonly DataflowRow[], country: string, workshop: Workshop): Values {
  const sample = workshop.sample(flow);
  return Object.fromEntries(rows.map((row) => [row.field, row.kind === "country" ? country : (sample[row.field] ?? null)]));
}
