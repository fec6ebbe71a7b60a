import { type Dataflow, type DataflowRow, propertyOf } from "../domain/dataflow.js";
import { systemNames } from "../domain/dataflow-sentences.js";
import { maxLengthOf, requiredBy } from "../domain/required.js";
import { otherSystem, type System, systems } from "../domain/words.js";
import { checkFields } from "../sync/validate.js";
import { type Finding, standing, until } from "./bench.js";
import { holds, type Pair, pairOf, shown, travelsTo, type Values, valueAt, type Workshop } from "./pairs.js";
import { type Column, type Results, wordsOf } from "./results.js";
import { checkTooLong } from "./too-long-checks.js";
import { awkwardValues } from "./values.js";

/**
 * Every row of a section's table: there, back and cleared, with awkward values. The rows of one record travel together, one
 * value of each at a time, as on a real system every call counts.
 */
export async function checkProperties(results: Results, section: string, flow: Dataflow, pair: Pair, workshop: Workshop): Promise<void> {
  for (const from of systems) {
    const cases = flow.rows.map((row) => ({ row, values: valuesFor(flow, row, from, workshop) }));
    const rounds = Math.max(...cases.map(({ values }) => values.length));
    for (let round = 0; round < rounds; round++) {
      const tried = cases.flatMap(({ row, values }) => {
        const one = values[round];
        return one ? [{ row, ...one }] : [];
      });
      await travel(results, section, flow, pair, from, from === "CUSTOMCRM" ? "there" : "back", tried, workshop);
    }
  }
  for (const from of systems) await checkClearing(results, section, flow, pair, from, workshop);
  await checkTooLong(results, section, flow, pair, workshop);
}

interface Tried {
  readonly row: DataflowRow;
  readonly name: string;
  readonly value: Values[string];
}

/** Sets values on one side and looks at the other, property by property. */
async function travel(
  results: Results,
  section: string,
  flow: Dataflow,
  pair: Pair,
  from: System,
  column: Column,
  tried: readonly Tried[],
  workshop: Workshop,
  /** What is wrong already, by field. */
  spoiled: ReadonlyMap<string, Finding> = new Map(),
): Promise<void> {
  const to = otherSystem(from);
  const before = await workshop.read(flow, to, pair);
  const values = Object.fromEntries(tried.map(({ row, value }) => [row.field, value]));
  const refusal = await workshop.edit(flow, from, pair, values).then(() => null, wordsOf);
  const wantedOf = ({ row, value }: Tried): string | null => {
    return !travelsTo(row, to) ? textOf(before?.[propertyOf(row, to)]) : valueAt(value, to);
  };
  const arrived = async (): Promise<ReadonlyMap<string, Finding>> => {
    const [there, here] = [await workshop.read(flow, to, pair), await workshop.read(flow, from, pair)];
    return new Map(tried.map((one) => [one.row.field, holds(one.row, to, wantedOf(one), there) ?? holds(one.row, from, valueAt(one.value, from), here)]));
  };
  if (refusal === null) await until(workshop.bench, async () => [...(await arrived()).values()].find((finding) => finding !== null) ?? null);
  const findings = await arrived();
  const entity = await workshop.entityOf(flow.type, "CUSTOMCRM", pair.CUSTOMCRM);
  for (const { row, name } of tried) {
    const finding = spoiled.get(row.field) ?? findings.get(row.field) ?? null;
    const why = refusal === null ? `${finding} (${standing(entity)})` : `${systemNames[from]} refused it: ${refusal}`;
    results.property(section, pairOf(row), column, name, finding === null && refusal === null ? null : why);
  }
}

function valuesFor(flow: Dataflow, row: DataflowRow, from: System, workshop: Workshop): readonly { readonly name: string; readonly value: Values[string] }[] {
  if (row.refersTo) return [{ name: "another account", value: (system) => workshop.accounts[from === "CUSTOMCRM" ? 1 : 0]?.[system] ?? null }];
  const tag = `${from === "CUSTOMCRM" ? "C" : "E"}${flow.rows.indexOf(row)}`;
  return awkwardValues(row.kind, maxLengthOf(flow, row)?.length ?? null, tag);
}

async function checkClearing(results: Results, section: string, flow: Dataflow, pair: Pair, from: System, workshop: Workshop): Promise<void> {
  const column = from === "CUSTOMCRM" ? "cleared" : "cleared back";
  const [clearable, required] = [flow.rows.filter((row) => requiredBy(flow, row) === null), flow.rows.filter((row) => requiredBy(flow, row) !== null)];
  for (const row of required) await checkRequired(results, section, flow, pair, row, from, column, workshop);
  const filled = Object.fromEntries(Object.entries(workshop.sample(flow)).filter(([field]) => clearable.some((row) => row.field === field)));
  await workshop.edit(flow, from, pair, filled);
  const to = otherSystem(from);
  // A field that was empty before could not show that it was cleared.
  const unfilled = async () => {
    const there = await workshop.read(flow, to, pair);
    const found = clearable.filter((row) => travelsTo(row, to)).map((row) => [row.field, holds(row, to, valueAt(filled[row.field], to), there)] as const);
    return new Map(found.filter(([, finding]) => finding !== null));
  };
  await until(workshop.bench, async () => [...(await unfilled()).values()][0] ?? null);
  const cleared = clearable.map((row) => ({ row, name: "no value", value: row.refersTo ? noAccount(workshop) : null }));
  await travel(results, section, flow, pair, from, column, cleared, workshop, await unfilled());
}

/**
 * What may not be empty: the system refuses to clear it, or the other one keeps its value and says why until it is filled again.
 * And we refuse a mutation that clears it, without a call.
 */
async function checkRequired(
  results: Results,
  section: string,
  flow: Dataflow,
  pair: Pair,
  row: DataflowRow,
  from: System,
  column: Column,
  workshop: Workshop,
): Promise<void> {
  const { bench } = workshop;
  if (from === "EXACT" && bench.passTime === null)
    return results.skip(section, pairOf(row), column, "it is required, and each refusal would cost the real Exact's error budget");
  const to = otherSystem(from);
  const valueIn = async (system: System) => textOf((await workshop.read(flow, system, pair))?.[propertyOf(row, system)]);
  const before = { CUSTOMCRM: await valueIn("CUSTOMCRM"), EXACT: await valueIn("EXACT") };
  const calls = bench.calls().all;
  const isTaken = checkFields(flow, { [row.field]: null }, "UPDATE").ok;
  const cost = bench.calls().all - calls;
  const isCleared = await workshop.edit(flow, from, pair, { [row.field]: null }).then(
    () => true,
    () => false,
  );
  await bench.settle();
  const now = { CUSTOMCRM: await valueIn("CUSTOMCRM"), EXACT: await valueIn("EXACT") };
  const entity = await workshop.entityOf(flow.type, from, pair[from]);
  const finding = isTaken
    ? "we take a mutation that clears it"
    : cost > 0
      ? `our refusal cost ${cost} calls`
      : now[to] !== before[to]
        ? `${propertyOf(row, to)} holds ${shown(now[to])}, not ${shown(before[to])}`
        : isCleared && !entity?.problem
          ? "nobody is told that it is missing"
          : !isCleared && now[from] !== before[from]
            ? `${systemNames[from]} refused it, and holds ${shown(now[from])}`
            : null;
  results.property(section, pairOf(row), column, "required: no value is refused", finding);
  if (!isCleared) return;
  await workshop.edit(flow, from, pair, { [row.field]: before[from] });
  await until(bench, () => workshop.linked(flow, from, pair[from]));
}

/** Exact demands an account of every contact: what has none is kept under the default account there. */
const noAccount = (workshop: Workshop) => (system: System) => (system === "EXACT" ? workshop.bench.settings.defaultAccount : null);

const textOf = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));
