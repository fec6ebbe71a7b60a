import { type CreateRule, type Dataflow, type DataflowRow, dataflows, recordTypeOf, retargets } from "../domain/dataflow.js";
import { type NamedRule, referrerName, systemNames } from "../domain/dataflow-sentences.js";
import { type EntityType, entityTypes, otherSystem, type System } from "../domain/words.js";
import type { DataflowDocument, Section, SectionRow } from "./model.js";

/**
 * The table that a document between Customcrm and Exact states. What it leaves unsaid is nothing: no matching, no creation in the
 * other direction, deletions cut the link. Throws for a document of other systems, or of types that the product has not.
 */
export function tableOf(document: DataflowDocument): readonly Dataflow[] {
  const from = systemNamed(document.source);
  if (document.target !== systemNames[otherSystem(from)]) throw new Error(`A document from ${document.source} to ${document.target} is none of this product.`);
  const flows = document.sections.map((section) => flowOf(section, from));
  return flows.sort((x, y) => entityTypes.indexOf(x.type) - entityTypes.indexOf(y.type));
}

function flowOf(section: Section, from: System): Dataflow {
  const [customcrm, exact] = from === "CUSTOMCRM" ? [section.source, section.target] : [section.target, section.source];
  const pair = [...dataflows, ...retargets].find((flow) => flow.customcrm === customcrm && flow.exact === exact);
  if (!pair) throw new Error(`The product has no dataflow between Customcrm ${customcrm} and Exact ${exact}.`);
  const rule = (named: NamedRule | null, source: System) => ruleOf(named ?? { kind: "never" }, source);
  const [toExact, toCustomcrm] =
    from === "CUSTOMCRM"
      ? [rule(section.create, "CUSTOMCRM"), rule(section.createBack, "EXACT")]
      : [rule(section.createBack, "CUSTOMCRM"), rule(section.create, "EXACT")];
  return {
    type: pair.type,
    customcrm: pair.customcrm,
    exact: pair.exact,
    create: { toExact, toCustomcrm },
    match: section.match.map(({ source }) => source.map((property) => fieldOf(section, property))),
    onDelete: section.onDelete ?? "DETACH",
    rows: section.rows.map((row) => rowOf(row, from)),
    exactDefaults: section.exactDefaults,
    externalId: section.externalId ?? pair.externalId,
    ...(section.remark === null ? {} : { remark: section.remark }),
  };
}

function ruleOf(rule: NamedRule, source: System): CreateRule {
  if (rule.kind === "whenReferenced") return { kind: rule.kind, by: rule.by.map((name) => entityTypeNamed(name, source)) };
  if (rule.kind !== "when") return rule;
  if (rule.filter === null) throw new Error(`This condition names no field: "${rule.reason}".`);
  return { kind: "when", filter: rule.filter, reason: rule.reason };
}

function entityTypeNamed(name: string, source: System): EntityType {
  const type = entityTypes.find((one) => referrerName(dataflows, one, source) === name) ?? dataflows.find((flow) => recordTypeOf(flow, source) === name)?.type;
  if (!type) throw new Error(`${systemNames[source]} has no ${name} that the product knows.`);
  return type;
}

const fieldOf = (section: Section, property: string): string => section.rows.find((row) => row.source === property)?.own?.field ?? property;

function rowOf({ source, target, own }: SectionRow, from: System): DataflowRow {
  const [customcrm, exact] = from === "CUSTOMCRM" ? [source, target] : [target, source];
  if (own === null) return { field: source, customcrm, exact, kind: "text", direction: "BOTH", policy: "NEWEST", attested: "attested" };
  const { group, refersTo, ...rest } = own;
  return { ...rest, customcrm, exact, ...(group === null ? {} : { group }), ...(refersTo === null ? {} : { refersTo }) };
}

function systemNamed(name: string): System {
  const found = (Object.keys(systemNames) as System[]).find((system) => systemNames[system] === name);
  if (!found) throw new Error(`"${name}" is neither Customcrm nor Exact.`);
  return found;
}
