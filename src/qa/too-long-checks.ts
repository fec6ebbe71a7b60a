import { type Dataflow, type DataflowRow, dataflowOf, propertyOf } from "../domain/dataflow.js";
import { systemNames } from "../domain/dataflow-sentences.js";
import { maxLengthIn, maxLengthOf } from "../domain/required.js";
import { otherSystem, type System, systems } from "../domain/words.js";
import { checkFields } from "../sync/validate.js";
import { standing, until } from "./bench.js";
import { holds, type Pair, pairOf, travelsTo, valueAt, type Workshop } from "./pairs.js";
import type { Results } from "./results.js";
import { longValue } from "./values.js";

const column = "one too long";

/** One character more than the stricter side takes is refused by us, without a call: errors cost Exact's budget. */
export async function checkTooLong(results: Results, section: string, flow: Dataflow, pair: Pair, workshop: Workshop): Promise<void> {
  for (const row of flow.rows) checkMutation(results, section, flow, row, workshop);
  for (const from of systems) await checkEdit(results, section, flow, pair, from, workshop);
}

/** Asked for by a client of the API. */
function checkMutation(results: Results, section: string, flow: Dataflow, row: DataflowRow, workshop: Workshop): void {
  const limit = maxLengthOf(flow, row)?.length;
  if (limit === undefined) {
    const reason = row.refersTo ? "a reference has no length of its own: what it names is a record, and that was tried" : "neither system tells a length";
    results.skip(section, pairOf(row), column, reason);
    return;
  }
  const before = workshop.bench.calls().all;
  const running = dataflowOf(workshop.bench.settings.flows, flow.type);
  const checked = checkFields(running, { [row.field]: longValue(row.kind, limit + 1, "C") }, "UPDATE");
  const calls = workshop.bench.calls().all - before;
  const accepted = checked.ok
    ? "it was accepted"
    : checked.errors.every((error) => error.field?.[0] !== row.field)
      ? "the refusal does not name the field"
      : null;
  results.property(section, pairOf(row), column, `${limit + 1} characters by a mutation`, accepted ?? (calls > 0 ? `it cost ${calls} calls` : null));
}

/** Entered by a person in the system that takes longer ones: it stays there, nothing is sent to the other, and the link says why. */
async function checkEdit(results: Results, section: string, flow: Dataflow, pair: Pair, from: System, workshop: Workshop): Promise<void> {
  const to = otherSystem(from);
  const isText = (row: DataflowRow) => row.kind !== "date" && row.kind !== "country";
  const rows = flow.rows.filter((row) => isText(row) && travelsTo(row, to) && isLongerIn(flow, row, from));
  if (rows.length === 0) return;
  const { bench } = workshop;
  if (from === "EXACT" && bench.passTime === null) {
    const reason = "each value that the real Exact does not take, either, would cost its error budget";
    for (const row of rows) results.skip(section, pairOf(row), column, reason);
    return;
  }
  const agreed = Object.fromEntries(rows.map((row) => [row.field, workshop.sample(flow)[row.field] ?? null]));
  await workshop.edit(flow, from, pair, agreed);
  const restored = () => until(bench, () => workshop.linked(flow, from, pair[from]));
  await restored();

  const writes = bench.calls().writes;
  const lengthOf = (row: DataflowRow) => (maxLengthIn(flow, row, to) ?? 0) + 1;
  await workshop.edit(flow, from, pair, Object.fromEntries(rows.map((row) => [row.field, longValue(row.kind, lengthOf(row), "L")])));
  await bench.settle();
  const [there, entity] = [await workshop.read(flow, to, pair), await workshop.entityOf(flow.type, from, pair[from])];
  const sent = bench.calls().writes - writes;
  const untold = rows.some((row) => row.field === entity?.problem?.field) ? null : `nobody is told why it does not arrive: ${standing(entity)}`;
  for (const row of rows) {
    const kept = holds(row, to, valueAt(agreed[row.field], to), there);
    const finding = kept ?? (sent > 0 ? `${sent} writes were sent` : untold);
    results.property(section, pairOf(row), column, `${lengthOf(row)} characters entered in ${systemNames[from]} (${propertyOf(row, from)})`, finding);
  }
  await workshop.edit(flow, from, pair, agreed);
  await restored();
}

/** `from` takes a value that the other system does not. */
function isLongerIn(flow: Dataflow, row: DataflowRow, from: System): boolean {
  const [here, there] = [maxLengthIn(flow, row, from), maxLengthIn(flow, row, otherSystem(from))];
  return there !== null && (here === null || here > there);
}
