import { type CreateRule, type Dataflow, type DataflowRow, propertyOf, recordTypeOf } from "../domain/dataflow.js";
import { systemNames, withArticle } from "../domain/dataflow-sentences.js";
import { isRequired } from "../domain/required.js";
import { otherSystem, type System, systems } from "../domain/words.js";
import { type Finding, standing, until } from "./bench.js";
import { holds, type Pair, shown, type Values, type Workshop } from "./pairs.js";
import type { Results } from "./results.js";

export const nameIn = (flow: Dataflow, system: System): string => `${systemNames[system]} ${recordTypeOf(flow, system)}`;

/** The rule of a section: who gets a counterpart, who is linked with one that is there, and that the link is as it should be. */
export async function checkRule(results: Results, section: string, flow: Dataflow, flows: readonly Dataflow[], workshop: Workshop): Promise<Pair | null> {
  for (const from of systems) await checkCreation(results, section, flow, flows, from, workshop);
  for (const fields of flow.match) {
    const names = fields.map((field) => flow.rows.find((row) => row.field === field)?.customcrm ?? field).join(" and ");
    await results.check(section, `Records that are there on both sides are linked by ${names}.`, () => matchesBy(flow, fields, workshop));
  }
  for (const row of flow.rows) if (isMissingThere(flow, row)) await checkWaiting(results, section, flow, row, workshop);
  const made = await workshop.pair(flow);
  if (typeof made === "string") {
    if (made.startsWith("no rule")) results.skip(section, null, "The link", made);
    else await results.check(section, "A pair is linked.", async () => made);
    return null;
  }
  await results.check(section, `The link is there, and the ${nameIn(flow, "CUSTOMCRM")} holds the Exact record's ID.`, () => linkHolds(flow, made, workshop));
  await checkEdits(results, section, flow, made, workshop);
  return made;
}

/** Exact demands what Customcrm may leave empty. */
const isMissingThere = (flow: Dataflow, row: DataflowRow): boolean => isRequired(flow, row, "EXACT") && !isRequired(flow, row, "CUSTOMCRM");

/** What Exact could not take as it is waits with its reason, and goes on by itself. */
async function checkWaiting(results: Results, section: string, flow: Dataflow, row: DataflowRow, workshop: Workshop): Promise<void> {
  if (flow.create.toExact.kind !== "always") return;
  const [a, b] = [nameIn(flow, "CUSTOMCRM"), nameIn(flow, "EXACT")];
  await results.check(section, `A new ${a} without a ${row.customcrm} waits, and appears as ${withArticle(b)} once it is given one.`, async () => {
    const values = workshop.sample(flow);
    const id = await workshop.create(flow, "CUSTOMCRM", { ...values, [row.field]: null });
    await workshop.bench.settle();
    const early = await alone(flow, "CUSTOMCRM", id, workshop);
    if (early !== null) return `without a ${row.customcrm}, ${early}`;
    const entity = await workshop.entityOf(flow.type, "CUSTOMCRM", id);
    if (entity?.problem?.field !== row.field) return `nobody is told why: ${standing(entity)}`;
    await workshop.edit(flow, "CUSTOMCRM", { CUSTOMCRM: id, EXACT: "" }, { [row.field]: values[row.field] ?? null });
    return until(workshop.bench, () => workshop.linked(flow, "CUSTOMCRM", id));
  });
}

/** The rule of creation in one direction, both what it makes and what it leaves. */
async function checkCreation(results: Results, section: string, flow: Dataflow, flows: readonly Dataflow[], from: System, workshop: Workshop): Promise<void> {
  const rule: CreateRule = from === "CUSTOMCRM" ? flow.create.toExact : flow.create.toCustomcrm;
  const [a, b] = [nameIn(flow, from), nameIn(flow, otherSystem(from))];
  const appears = (more: Values) => async () => {
    const id = await workshop.create(flow, from, { ...workshop.sample(flow), ...more });
    return until(workshop.bench, () => workshop.linked(flow, from, id));
  };
  const staysAlone = (more: Values) => async () => {
    const id = await workshop.create(flow, from, { ...workshop.sample(flow), ...more });
    await workshop.bench.settle();
    return alone(flow, from, id, workshop);
  };
  switch (rule.kind) {
    case "always":
      await results.check(section, `A new ${a} appears as ${withArticle(b)}.`, appears({}));
      return;
    case "never":
      await results.check(section, `A new ${a} makes no ${b}.`, staysAlone({}));
      return;
    case "when": {
      const { field, equals } = rule.filter;
      await results.check(section, `A new ${a} whose ${field} is "${equals}" appears as ${withArticle(b)}.`, appears({ [field]: equals }));
      await results.check(section, `A new ${a} without a ${field} makes no ${b}.`, staysAlone({ [field]: null }));
      return;
    }
    case "whenReferenced": {
      const check = `A new ${a} makes no ${b} until it is referred to, and then appears as one.`;
      const referrer = referrerOf(rule.by, flow, flows, from);
      if (referrer) await results.check(section, check, () => referenced(flow, referrer, from, workshop));
      else results.skip(section, null, check, `nothing that refers to it is itself created in ${systemNames[otherSystem(from)]}`);
    }
  }
}

interface Referrer {
  readonly flow: Dataflow;
  /** The field that refers. */
  readonly field: string;
  /** What it takes to be synchronized itself. */
  readonly needs: Values;
}

function referrerOf(by: readonly string[], flow: Dataflow, flows: readonly Dataflow[], from: System): Referrer | null {
  for (const other of flows.filter((one) => by.includes(one.type))) {
    const row = other.rows.find((one) => one.refersTo === flow.type);
    const rule = from === "CUSTOMCRM" ? other.create.toExact : other.create.toCustomcrm;
    if (row && rule.kind === "always") return { flow: other, field: row.field, needs: {} };
    if (row && rule.kind === "when") return { flow: other, field: row.field, needs: { [rule.filter.field]: rule.filter.equals } };
  }
  return null;
}

async function alone(flow: Dataflow, from: System, id: string, workshop: Workshop): Promise<Finding> {
  const entity = await workshop.entityOf(flow.type, from, id);
  const counterpart = entity?.records[otherSystem(from)] ?? null;
  return counterpart === null ? null : `it was given ${counterpart}`;
}

async function referenced(flow: Dataflow, referrer: Referrer, from: System, workshop: Workshop): Promise<Finding> {
  const id = await workshop.create(flow, from, workshop.sample(flow));
  await workshop.bench.settle();
  const early = await alone(flow, from, id, workshop);
  if (early !== null) return `before anything refers to it, ${early}`;
  await workshop.create(referrer.flow, from, { ...workshop.sample(referrer.flow), ...referrer.needs, [referrer.field]: id });
  return until(workshop.bench, () => workshop.linked(flow, from, id));
}

/** Equal in these fields and in nothing else that could be matched by. */
async function matchesBy(flow: Dataflow, fields: readonly string[], workshop: Workshop): Promise<Finding> {
  const shared = workshop.sample(flow, fields);
  const own = () => Object.fromEntries(Object.entries(workshop.sample(flow, [])).filter(([field]) => !fields.includes(field)));
  const isKey = ([field]: [string, unknown]) => fields.includes(field);
  const keys = Object.fromEntries(Object.entries(shared).filter(isKey));
  const customcrm = await workshop.create(flow, "CUSTOMCRM", { ...own(), ...keys });
  const exact = await workshop.create(flow, "EXACT", { ...own(), ...keys });
  return until(workshop.bench, async () => {
    const finding = await workshop.linked(flow, "CUSTOMCRM", customcrm, exact);
    const origin = (await workshop.entityOf(flow.type, "CUSTOMCRM", customcrm))?.origin;
    return finding ?? (origin === "MATCHED" ? null : `the link's origin is ${origin}`);
  });
}

async function linkHolds(flow: Dataflow, pair: Pair, workshop: Workshop): Promise<Finding> {
  return until(workshop.bench, async () => {
    const [entity, customcrm, exact] = [
      await workshop.entityOf(flow.type, "EXACT", pair.EXACT),
      await workshop.read(flow, "CUSTOMCRM", pair),
      await workshop.read(flow, "EXACT", pair),
    ];
    if (entity?.records.CUSTOMCRM !== pair.CUSTOMCRM || entity.state !== "LINKED") return standing(entity);
    if (entity.origin === "CREATED" && customcrm?.[flow.externalId] !== pair.EXACT) {
      return `${flow.externalId} holds ${shown(customcrm?.[flow.externalId] ?? null)}, not "${pair.EXACT}"`;
    }
    if (entity.origin !== "CREATED") return null;
    const wrong = Object.entries(flow.exactDefaults).find(([property, value]) => exact?.[property] !== value);
    return wrong ? `${wrong[0]} holds ${shown(exact?.[wrong[0]] ?? null)}, not ${shown(wrong[1])}` : null;
  });
}

/** One edit each way, of the name by which people know the record. */
async function checkEdits(results: Results, section: string, flow: Dataflow, pair: Pair, workshop: Workshop): Promise<void> {
  const row = flow.rows.find((one) => isRequired(flow, one, "CUSTOMCRM") && !one.refersTo && one.direction === "BOTH");
  if (!row) return;
  for (const from of systems) {
    const to = otherSystem(from);
    await results.check(section, `An edit of ${propertyOf(row, from)} in ${systemNames[from]} arrives in ${systemNames[to]}.`, async () => {
      const value = workshop.sample(flow)[row.field] ?? null;
      await workshop.edit(flow, from, pair, { [row.field]: value });
      return until(workshop.bench, async () => holds(row, to, typeof value === "function" ? value(to) : value, await workshop.read(flow, to, pair)));
    });
  }
}
