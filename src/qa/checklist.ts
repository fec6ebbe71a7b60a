import type { Dataflow } from "../domain/dataflow.js";
import { type EntityType, entityTypes, systems } from "../domain/words.js";
import type { Bench, Finding } from "./bench.js";
import { checkConflict } from "./conflict-checks.js";
import { checkDeletion } from "./deletion-checks.js";
import { documentFinding } from "./document-check.js";
import { type Pair, Workshop } from "./pairs.js";
import { checkProperties } from "./property-checks.js";
import { type Result, Results, wordsOf } from "./results.js";
import { checkRule, nameIn } from "./rule-checks.js";

export interface ChecklistOptions {
  /** The table that the document states: what is tried is this, whatever the sync works by. */
  readonly agreed: readonly Dataflow[];
  /** In the name of every record that the checklist makes. */
  readonly mark: string;
  /** The types to try; default: all. Accounts are made for the others to refer to, tried or not. */
  readonly only?: readonly EntityType[];
}

/**
 * Tries every sentence and every row of the document on the bench. Whatever happens on the way is told as a result, and what was
 * made until then is removed.
 */
export async function runChecklist(bench: Bench, { agreed, mark, only = entityTypes }: ChecklistOptions): Promise<readonly Result[]> {
  const results = new Results(bench.stopped);
  let accounts: readonly Pair[] = [];
  try {
    for (const flow of inOrder(agreed)) {
      const isTried = only.includes(flow.type);
      if (!isTried && flow.type !== "ACCOUNT") continue;
      const section = sectionOf(flow);
      if (isTried) await results.check(section, "The document says what runs.", async () => documentFinding(flow, bench.settings.flows));
      const workshop = new Workshop(bench, `${mark} ${flow.customcrm}`, accounts);
      if (flow.type === "ACCOUNT") accounts = await accountsOf(flow, workshop, results);
      else if (accounts.length < 2) {
        results.skip(section, null, "Everything else", "there are no linked accounts to refer to");
        continue;
      }
      if (isTried) await checkFlow(results, section, flow, agreed, workshop);
    }
  } catch (error) {
    results.sentence("Afterwards", "The checklist came to its end.", wordsOf(error));
  }
  results.sentence("Afterwards", "Everything that the checklist has made is removed.", await cleanUp(bench, inOrder(agreed)));
  return results.all;
}

const sectionOf = (flow: Dataflow): string => `${nameIn(flow, "CUSTOMCRM")} to ${nameIn(flow, "EXACT")}`;

async function checkFlow(results: Results, section: string, flow: Dataflow, agreed: readonly Dataflow[], workshop: Workshop): Promise<void> {
  const pair = await checkRule(results, section, flow, agreed, workshop);
  if (pair === null) return;
  await guarded(results, section, "The properties", () => checkProperties(results, section, flow, pair, workshop));
  // A fresh one: whatever the properties have left behind is not to blame on the next checks.
  const fresh = await workshop.pair(flow);
  if (typeof fresh !== "string") await checkConflict(results, section, flow, fresh, workshop);
  else await results.check(section, "A second pair is linked.", async () => fresh);
  await checkDeletion(results, section, flow, workshop);
  await results.check(section, "A second look at all this writes nothing.", () => staysQuiet(workshop.bench));
}

/** What stops a group of checks on the way is their failure, and not the end of the checklist. */
async function guarded(results: Results, section: string, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    results.sentence(section, `${what} can be tried.`, wordsOf(error));
  }
}

async function staysQuiet(bench: Bench): Promise<Finding> {
  await bench.settle();
  const before = bench.calls().writes;
  await bench.settle();
  const writes = bench.calls().writes - before;
  return writes === 0 ? null : `${writes} writes, though nothing had changed`;
}

/** Two pairs, so that what refers to one can be moved to the other. */
async function accountsOf(flow: Dataflow, workshop: Workshop, results: Results): Promise<readonly Pair[]> {
  const pairs = [await workshop.pair(flow), await workshop.pair(flow)];
  const wrong = pairs.find((pair) => typeof pair === "string");
  if (wrong !== undefined)
    await results.check(sectionOf(flow), "Accounts for the contacts and products of this checklist are linked.", async () => wrong as string);
  return pairs.filter((pair): pair is Pair => typeof pair !== "string");
}

const order: readonly EntityType[] = ["ACCOUNT", "CONTACT", "PRODUCT"];
const inOrder = (flows: readonly Dataflow[]): readonly Dataflow[] => [...flows].sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));

/** What refers goes before what it refers to; what one side refuses does not keep the other. */
async function cleanUp(bench: Bench, flows: readonly Dataflow[]): Promise<Finding> {
  const accountTypes = flows.filter((flow) => flow.type === "ACCOUNT").flatMap((flow) => [flow.customcrm, flow.exact] as string[]);
  const left: string[] = [];
  for (const system of systems) {
    const own = bench.made().filter((made) => made.system === system);
    const sorted = [...own.filter((made) => !accountTypes.includes(made.type)), ...own.filter((made) => accountTypes.includes(made.type))];
    for (const { type, id } of sorted) {
      try {
        if ((await bench.hands[system].read(type, id)) !== null) await bench.hands[system].remove(type, id);
        if ((await bench.hands[system].read(type, id)) !== null) left.push(`${system} ${type} ${id} is still there`);
      } catch (error) {
        left.push(`${system} ${type} ${id}: ${wordsOf(error)}`);
      }
    }
  }
  return left.length === 0 ? null : left.join("; ");
}
