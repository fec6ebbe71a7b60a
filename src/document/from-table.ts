import { dataTypeOf } from "../domain/data-types.js";
import { type Dataflow, type DataflowRow, propertyOf, recordTypeOf } from "../domain/dataflow.js";
import { namedRule, systemNames } from "../domain/dataflow-sentences.js";
import { otherSystem, type System } from "../domain/words.js";
import type { DataflowDocument, PropertyPairs, Section, SectionRow } from "./model.js";
import { overridesOf } from "./overrides.js";

export interface DocumentOptions {
  /** The system from which the document looks. */
  readonly from: System;
  /** The table as the product ships it, to tell what this site has changed. */
  readonly shipped: readonly Dataflow[];
  /** ms since 1970. */
  readonly now: number;
}

/** The document of a table: sections by their headings, rows by their properties, as readers of the originals expect them. */
export function documentOf(flows: readonly Dataflow[], { from, shipped, now }: DocumentOptions): DataflowDocument {
  const sections = flows.map((flow) =>
    sectionOf(
      flow,
      shipped.find((one) => one.type === flow.type),
      flows,
      from,
    ),
  );
  return {
    source: systemNames[from],
    target: systemNames[otherSystem(from)],
    generated: new Date(now).toISOString().slice(0, 19).replace("T", " "),
    sections: sections.sort((x, y) => ordinal(`${x.source} ${x.target}`, `${y.source} ${y.target}`)),
  };
}

function sectionOf(flow: Dataflow, shipped: Dataflow | undefined, flows: readonly Dataflow[], from: System): Section {
  const to = otherSystem(from);
  const rule = (into: System) => namedRule(into === "EXACT" ? flow.create.toExact : flow.create.toCustomcrm, flows, otherSystem(into));
  return {
    source: recordTypeOf(flow, from),
    target: recordTypeOf(flow, to),
    create: rule(to),
    createBack: rule(from),
    match: flow.match.map((fields) => pairsOf(flow, fields, from)),
    onDelete: flow.onDelete,
    exactDefaults: flow.exactDefaults,
    externalId: flow.externalId,
    remark: flow.remark ?? null,
    overrides: shipped ? overridesOf(shipped, flow) : [],
    rows: flow.rows.map((row) => rowOf(flow, row, from)).sort((x, y) => ordinal(x.source, y.source) || ordinal(x.target, y.target)),
  };
}

function pairsOf(flow: Dataflow, fields: readonly string[], from: System): PropertyPairs {
  const names = (system: System) =>
    fields.map((field) => flow.rows.find((row) => row.field === field)).map((row, i) => (row ? propertyOf(row, system) : (fields[i] ?? "")));
  return { source: names(from), target: names(otherSystem(from)) };
}

function rowOf(flow: Dataflow, row: DataflowRow, from: System): SectionRow {
  const { field, kind, direction, policy, attested } = row;
  const own = { field, kind, refersTo: row.refersTo ?? null, direction, policy, group: row.group ?? null, attested };
  return { source: propertyOf(row, from), target: propertyOf(row, otherSystem(from)), dataType: dataTypeOf(flow, row, otherSystem(from)), own };
}

/** Capitals first, as the originals sort. */
const ordinal = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0);
