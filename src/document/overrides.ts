import { type CreateRule, type Dataflow, type DataflowRow, shippedFlow } from "../domain/dataflow.js";
import type { Override } from "./model.js";
import { directionWords, policyWords } from "./words.js";

/** What a site's table has otherwise than the shipped one, in words. */
export function overridesOf(shipped: Dataflow, site: Dataflow): readonly Override[] {
  const target = shippedFlow(site.type, site.exact);
  // A dataflow to other records is compared with what is shipped for those.
  if (site.exact !== shipped.exact && target) {
    return [{ setting: "Kept in Exact as", shipped: shipped.exact, here: site.exact }, ...overridesOf(target, site)];
  }
  const settings: readonly [string, (flow: Dataflow) => string][] = [
    ["Creation in Exact", (flow) => ruleWords(flow.create.toExact)],
    ["Creation in Customcrm", (flow) => ruleWords(flow.create.toCustomcrm)],
    ["Matching", (flow) => flow.match.map((fields) => fields.join(" with ")).join(", then ") || "none"],
    ["Deletion", (flow) => flow.onDelete],
    ...shipped.rows.flatMap(({ field }): [string, (flow: Dataflow) => string][] => [
      [`Field ${field}`, (flow) => (rowIn(flow, field) ? "on" : "off")],
      [`Customcrm property of ${field}`, otherwiseOf(field, (row) => row.customcrm)],
      [`Direction of ${field}`, otherwiseOf(field, (row) => directionWords[row.direction])],
      [`Conflict in ${field}`, otherwiseOf(field, (row) => policyWords[row.policy])],
    ]),
  ];
  return settings
    .map(([setting, read]) => ({ setting, shipped: read(shipped), here: read(site) }))
    .filter(({ shipped: was, here }) => here !== was && here !== "");
}

const rowIn = (flow: Dataflow, field: string): DataflowRow | undefined => flow.rows.find((row) => row.field === field);

/** Of a field that is switched off nothing more is said. */
const otherwiseOf =
  (field: string, read: (row: DataflowRow) => string) =>
  (flow: Dataflow): string => {
    const row = rowIn(flow, field);
    return row ? read(row) : "";
  };

function ruleWords(rule: CreateRule): string {
  switch (rule.kind) {
    case "always":
    case "never":
      return rule.kind;
    case "whenReferenced":
      return `when referenced by ${rule.by.map((type) => type.toLowerCase()).join(" or ")}`;
    case "when":
      return `when ${rule.filter.field} is ${JSON.stringify(rule.filter.equals)}`;
  }
}
