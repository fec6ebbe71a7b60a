import { existsSync, readFileSync } from "node:fs";
import { isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { type CreateRule, type Dataflow, type DataflowRow, dataflowOf, dataflows, retargets } from "./domain/dataflow.js";
import { InvalidInputError } from "./domain/errors.js";
import { requiredBy } from "./domain/required.js";
import { defaultSettings, type SyncSettings } from "./domain/settings.js";
import { type EntityType, entityTypes } from "./domain/words.js";

const policy = z.enum(["NEWEST", "CUSTOMCRM", "EXACT", "MANUAL"]);
const guard = z.strictObject({ count: z.int().min(0), percent: z.number().min(0).max(100) });
const property = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "expected a property name");

const createRule = z.union([
  z.enum(["always", "never"]).transform((kind): CreateRule => ({ kind })),
  z
    .strictObject({ whenReferenced: z.array(z.enum(entityTypes)).min(1) })
    .transform((rule): CreateRule => ({ kind: "whenReferenced", by: rule.whenReferenced })),
  z
    .strictObject({ when: z.strictObject({ field: z.string(), equals: z.string() }), reason: z.string().min(1) })
    .transform((rule): CreateRule => ({ kind: "when", filter: rule.when, reason: rule.reason })),
]);

const flowSettings = z.strictObject({
  exact: z.string().optional(),
  create: z.strictObject({ toExact: createRule.optional(), toCustomcrm: createRule.optional() }).optional(),
  match: z.union([z.literal("none").transform(() => [] as string[][]), z.array(z.array(z.string()).min(1))]).optional(),
  delete: z.enum(["DETACH", "ARCHIVE", "PROPAGATE"]).optional(),
  conflict: policy.optional(),
  fields: z
    .record(
      z.string(),
      z.strictObject({
        direction: z.enum(["BOTH", "TO_EXACT", "TO_CUSTOMCRM"]).optional(),
        conflict: policy.optional(),
        customcrmProperty: property.optional(),
        off: z.boolean().optional(),
      }),
    )
    .optional(),
});
type FlowSettings = z.infer<typeof flowSettings>;

const fileSchema = z.strictObject({
  dataflows: z.partialRecord(z.enum(entityTypes), flowSettings).optional(),
  products: z.strictObject({ defaultAccount: z.guid().nullable().optional() }).optional(),
  guards: z.strictObject({ deletions: guard.optional(), creates: guard.optional(), emptySideLinks: z.int().min(1).optional() }).optional(),
  clockToleranceSeconds: z.number().min(0).max(3600).optional(),
});

/** The settings of a site: what its `dataflow.yml` says, or as shipped where there is none. */
export const readDataflowFile = (path = "dataflow.yml"): SyncSettings =>
  existsSync(path) ? parseDataflowFile(readFileSync(path, "utf8"), path) : defaultSettings;

/**
 * Reads `dataflow.yml` and applies it to the shipped table. All faults come at once, each with its line and path, in one
 * `InvalidInputError`; nothing of a faulty file is used.
 */
export function parseDataflowFile(text: string, fileName = "dataflow.yml"): SyncSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const faults: string[] = document.errors.map((error) => `${fileName}:${lines.linePos(error.pos[0]).line}: ${error.message.split("\n")[0]}`);
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const fault = (path: readonly PropertyKey[], message: string) => faults.push(`${fileName}:${lineOf(path)}: ${path.join(".") || "the file"}: ${message}`);

  const parsed = faults.length === 0 ? fileSchema.safeParse(document.toJS() ?? {}) : null;
  for (const issue of parsed?.error?.issues ?? []) fault(issue.path, issue.message);
  for (const type of entityTypes) {
    const settings = parsed?.data?.dataflows?.[type];
    const flow = targetOf(type, settings);
    if (!flow) fault(["dataflows", type, "exact"], `${type} can't be kept there; it can be kept as ${targetsOf(type).join(" or ")}.`);
    else if (settings) for (const [path, message] of unknownNames(flow, settings)) fault(["dataflows", type, ...path], message);
  }
  if (faults.length > 0 || !parsed?.data) throw new InvalidInputError(faults.join("\n"));

  const { data } = parsed;
  return {
    ...defaultSettings,
    flows: dataflows.map((flow) => applied(targetOf(flow.type, data.dataflows?.[flow.type]) ?? flow, data.dataflows?.[flow.type])),
    defaultAccount: data.products?.defaultAccount ?? null,
    guards: {
      deletions: data.guards?.deletions ?? defaultSettings.guards.deletions,
      creates: data.guards?.creates ?? defaultSettings.guards.creates,
      emptySideLinks: data.guards?.emptySideLinks ?? defaultSettings.guards.emptySideLinks,
    },
    clockToleranceMs: data.clockToleranceSeconds === undefined ? defaultSettings.clockToleranceMs : data.clockToleranceSeconds * 1000,
  };
}

/** The shipped dataflow, or the one that keeps the type as other records of Exact; undefined: there is none such. */
const targetOf = (type: EntityType, settings: FlowSettings | undefined): Dataflow | undefined =>
  settings?.exact === undefined
    ? dataflowOf(dataflows, type)
    : [...dataflows, ...retargets].find((flow) => flow.type === type && flow.exact === settings.exact);

const targetsOf = (type: EntityType): readonly string[] => [...dataflows, ...retargets].filter((flow) => flow.type === type).map((flow) => flow.exact);

/** Fields that the dataflow does not have, wherever the settings name one. */
function* unknownNames(flow: Dataflow, settings: FlowSettings): Generator<[PropertyKey[], string]> {
  const fields = flow.rows.map((row) => row.field);
  const unknown = (name: string) => `${flow.type} has no field "${name}"; it has ${fields.join(", ")}.`;
  for (const name of Object.keys(settings.fields ?? {})) if (!fields.includes(name)) yield [["fields", name], unknown(name)];
  for (const [i, alternative] of (settings.match ?? []).entries()) {
    for (const [j, name] of alternative.entries()) if (!fields.includes(name)) yield [["match", i, j], unknown(name)];
  }
  for (const side of ["toExact", "toCustomcrm"] as const) {
    const rule = settings.create?.[side];
    if (rule?.kind === "when" && !fields.includes(rule.filter.field)) yield [["create", side, "when", "field"], unknown(rule.filter.field)];
  }
  const renamed = flow.rows.map((row) => settings.fields?.[row.field]?.customcrmProperty ?? row.customcrm);
  const twice = renamed.find((name, i) => renamed.indexOf(name) !== i);
  if (twice) yield [["fields"], `the Customcrm property "${twice}" would hold two fields.`];
  // Contacts keep their reference to an account by themselves.
  const needed = flow.rows.filter((row) => !row.refersTo && requiredBy(flow, row) !== null).map((row) => row.field);
  for (const field of needed) if (settings.fields?.[field]?.off) yield [["fields", field, "off"], "no record can be made without this field."];
}

function applied(flow: Dataflow, settings: FlowSettings | undefined): Dataflow {
  if (!settings) return flow;
  return {
    ...flow,
    create: { toExact: settings.create?.toExact ?? flow.create.toExact, toCustomcrm: settings.create?.toCustomcrm ?? flow.create.toCustomcrm },
    match: settings.match ?? flow.match,
    onDelete: settings.delete ?? flow.onDelete,
    rows: flow.rows
      .filter((row) => !settings.fields?.[row.field]?.off)
      .map((row): DataflowRow => {
        const own = settings.fields?.[row.field];
        return {
          ...row,
          customcrm: own?.customcrmProperty ?? row.customcrm,
          direction: own?.direction ?? row.direction,
          policy: own?.conflict ?? settings.conflict ?? row.policy,
        };
      }),
  };
}
