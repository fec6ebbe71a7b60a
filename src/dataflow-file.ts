import { existsSync, readFileSync } from "node:fs";
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { z } from "zod";
import { type CreateRule, type Dataflow, type DataflowRow, dataflowOf, dataflows, retargets } from "./domain/dataflow.js";
import { InvalidInputError } from "./domain/errors.js";
import { requiredBy } from "./domain/required.js";
import { defaultSettings, type SyncSettings } from "./domain/settings.js";
import { type EntityType, entityTypes } from "./domain/words.js";

const policy = z.enum(["NEWEST", "CUSTOMCRM", "EXACT", "MANUAL"]);
const guard = z.strictObject({ count: z.int().min(0), percent: z.number().min(0).max(100) });
const property = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "expected a property name");

const createRuleWords = "expected always, never, { whenReferenced: [types] } or { when: { field, equals }, reason }";
const createRule = z.union(
  [
    z.enum(["always", "never"]).transform((kind): CreateRule => ({ kind })),
    z
      .strictObject({ whenReferenced: z.array(z.enum(entityTypes)).min(1) })
      .transform((rule): CreateRule => ({ kind: "whenReferenced", by: rule.whenReferenced })),
    z
      .strictObject({ when: z.strictObject({ field: z.string(), equals: z.string() }), reason: z.string().min(1) })
      .transform((rule): CreateRule => ({ kind: "when", filter: rule.when, reason: rule.reason })),
  ],
  createRuleWords,
);

const flowSettings = z.strictObject({
  exact: z.string().optional(),
  create: z.strictObject({ toExact: createRule.optional(), toCustomcrm: createRule.optional() }).optional(),
  match: z
    .union([z.literal("none").transform(() => [] as string[][]), z.array(z.array(z.string()).min(1))], "expected none, or a list of lists of fields")
    .optional(),
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
export const readDataflowFile = (path = "dataflow.yml"): SyncSettings => (existsSync(path) ? parseDataflowFile(textOf(path), path) : defaultSettings);

function textOf(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    const why = cause instanceof TypeError ? "it is not text in UTF-8" : cause instanceof Error ? cause.message : cause;
    throw new InvalidInputError(`${path} can't be read: ${why}.`, { cause });
  }
}

/**
 * Reads `dataflow.yml` and applies it to the shipped table. All faults come at once, each with its line and path, in one
 * `InvalidInputError`; nothing of a faulty file is used.
 */
export function parseDataflowFile(text: string, fileName = "dataflow.yml"): SyncSettings {
  const tooDeep = tooDeepLine(text);
  if (tooDeep !== null) throw new InvalidInputError(`${fileName}:${tooDeep}: the file: it is nested deeper than any settings are.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, resolveKnownTags: false });
  const faults = new Set<string>();
  const lineAt = (offset: number | undefined) => Math.max(1, lines.linePos(offset ?? 0).line);
  const tell = (offset: number | undefined, message: string) => faults.add(`${fileName}:${lineAt(offset)}: ${inOneLine(message)}`);
  const fault = (path: readonly PropertyKey[], message: string) =>
    tell(nodeAt(document, path)?.range?.[0], `${path.map(stepText).join(".") || "the file"}: ${message}`);

  for (const { pos, message } of [...document.errors, ...document.warnings]) tell(pos[0], message);
  for (const [node, message] of oddities(document)) tell(node?.range?.[0], message);
  const parsed = faults.size === 0 ? fileSchema.safeParse(plain(document, (message) => fault([], message)) ?? {}) : null;
  for (const issue of parsed?.error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") for (const key of issue.keys) fault([...issue.path, key], "Unrecognized key.");
    else fault(issue.path, issue.message);
  }
  for (const type of entityTypes) {
    const settings = parsed?.data?.dataflows?.[type];
    const flow = targetOf(type, settings);
    if (!flow) fault(["dataflows", type, "exact"], `${type} can't be kept there; it can be kept as ${targetsOf(type).join(" or ")}.`);
    else if (settings) for (const [path, message] of unfit(flow, settings)) fault(["dataflows", type, ...path], message);
  }
  if (faults.size > 0 || !parsed?.data) throw new InvalidInputError([...faults].join("\n"));

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

/** What the dataflow does not have, or can't do, wherever the settings ask for it. */
function* unfit(flow: Dataflow, settings: FlowSettings): Generator<[PropertyKey[], string]> {
  const fields = flow.rows.map((row) => row.field);
  const missing = (name: string): string | null => {
    if (!fields.includes(name)) return `${flow.type} has no field "${name}"; it has ${fields.join(", ")}.`;
    return settings.fields?.[name]?.off ? `the field "${name}" is switched off.` : null;
  };
  for (const name of Object.keys(settings.fields ?? {})) if (!fields.includes(name)) yield [["fields", name], missing(name) ?? ""];
  for (const [i, alternative] of (settings.match ?? []).entries()) {
    for (const [j, name] of alternative.entries()) if (missing(name)) yield [["match", i, j], missing(name) ?? ""];
  }
  for (const side of ["toExact", "toCustomcrm"] as const) {
    const rule = settings.create?.[side];
    if (rule?.kind === "when" && missing(rule.filter.field)) yield [["create", side, "when", "field"], missing(rule.filter.field) ?? ""];
    const idle =
      rule?.kind === "whenReferenced" ? rule.by.find((type) => !dataflowOf(dataflows, type).rows.some((row) => row.refersTo === flow.type)) : undefined;
    if (idle) yield [["create", side, "whenReferenced"], `${idle} never refers to ${flow.type}.`];
  }
  for (const row of flow.rows) {
    const name = settings.fields?.[row.field]?.customcrmProperty;
    if (name !== undefined && [...ownOfCustomcrm, flow.externalId].includes(name))
      yield [["fields", row.field, "customcrmProperty"], `"${name}" is not a property for fields: Customcrm and the link map use it.`];
  }
  const renamed = flow.rows.map((row) => settings.fields?.[row.field]?.customcrmProperty ?? row.customcrm);
  const twice = renamed.find((name, i) => renamed.indexOf(name) !== i);
  if (twice) yield [["fields"], `the Customcrm property "${twice}" would hold two fields.`];
  // Contacts keep their reference to an account by themselves.
  const needed = flow.rows.filter((row) => !row.refersTo && requiredBy(flow, row) !== null).map((row) => row.field);
  for (const field of needed) if (settings.fields?.[field]?.off) yield [["fields", field, "off"], "no record can be made without this field."];
}

const ownOfCustomcrm = ["Id", "ETag", "CreatedAt", "ModifiedAt"];

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

const stepText = (step: PropertyKey): string => (/^[\w-]{1,64}$/.test(String(step)) ? String(step) : JSON.stringify(String(step).slice(0, 64)));

/** What the file says may be quoted in it: of any length, and with any characters. */
const inOneLine = (message: string): string => message.replace(/[\p{Cc}\u2028\u2029]/gu, " ").slice(0, 500);

const deepestFlow = 50;
const deepestIndent = 200;

/** The parser recurses, and a stack that is full ends the process: what no settings can need is refused before. null: it may be parsed. */
function tooDeepLine(text: string): number | null {
  let open = 0;
  const at = text.split("\n").findIndex((line) => {
    for (const [bracket] of line.matchAll(/[[\]{}]/g)) {
      open = bracket === "[" || bracket === "{" ? open + 1 : Math.max(0, open - 1);
      if (open > deepestFlow) return true;
    }
    return (/^[\s?-]*/.exec(line)?.[0].length ?? 0) > deepestIndent;
  });
  return at < 0 ? null : at + 1;
}

/** What YAML allows and settings can't mean. */
function oddities(document: Document): readonly (readonly [Node | null, string])[] {
  const found: [Node | null, string][] = [];
  visit(document, {
    Pair: (_, { key }) => {
      const name = isScalar(key) ? key.value : key;
      if (isNode(name) || name === "__proto__") found.push([isNode(key) ? key : null, "A name must be plain text."]);
    },
    Alias: (_, alias) => {
      if (!alias.resolve(document)) found.push([alias, `*${alias.source} names no anchor above it.`]);
    },
  });
  return found;
}

function plain(document: Document, onFault: (message: string) => void): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases of aliases that come to more than a machine can hold.
    onFault(error instanceof Error ? `${error.message}.` : String(error));
    return {};
  }
}

/** The name, or the item of a list, that stands deepest on this path. */
function nodeAt(document: Document, path: readonly PropertyKey[]): Node | null {
  let [node, found]: [unknown, Node | null] = [document.contents, document.contents];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) : null;
    const next = pair ? pair.key : isSeq(node) && typeof step === "number" ? node.items[step] : null;
    if (!isNode(next)) break;
    found = next;
    node = pair ? pair.value : next;
  }
  return found;
}
