import { canonical } from "../domain/canonical.js";
import { type Dataflow, type DataflowRow, propertyOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { Properties, PropertyValue } from "../domain/record.js";
import { isRequired, requiredBy } from "../domain/required.js";
import type { EntityType, System } from "../domain/words.js";
import { type Bench, type Finding, standing, until } from "./bench.js";

/** A record in each system that are one thing. */
export type Pair = { readonly [S in System]: string };

/** A value for each field; a function where the two systems hold another one, as for references. */
export type Values = { readonly [field: string]: string | null | ((system: System) => string | null) };

/** Makes records of the checklist's own, each with values that no other has. */
export class Workshop {
  #count = 0;

  constructor(
    readonly bench: Bench,
    private readonly mark: string,
    /** Pairs of accounts for others to refer to. */
    readonly accounts: readonly Pair[] = [],
  ) {}

  /** Values for these fields, or for all; a fresh number makes them unlike any others. */
  sample(flow: Dataflow, fields: readonly string[] | null = null): Record<string, Values[string]> {
    const number = ++this.#count;
    const rows = flow.rows.filter((row) => fields === null || fields.includes(row.field) || requiredBy(flow, row) !== null);
    return Object.fromEntries(rows.map((row) => [row.field, this.#valueOf(flow, row, number)]));
  }

  create(flow: Dataflow, system: System, values: Values): Promise<string> {
    return this.bench.hands[system].create(recordTypeOf(flow, system), this.#properties(flow, system, values));
  }

  edit(flow: Dataflow, system: System, pair: Pair, values: Values): Promise<void> {
    return this.bench.hands[system].edit(recordTypeOf(flow, system), pair[system], this.#properties(flow, system, values));
  }

  remove(flow: Dataflow, system: System, pair: Pair): Promise<void> {
    return this.bench.hands[system].remove(recordTypeOf(flow, system), pair[system]);
  }

  read(flow: Dataflow, system: System, pair: Pair): Promise<Properties | null> {
    return this.bench.hands[system].read(recordTypeOf(flow, system), pair[system]);
  }

  async entityOf(type: EntityType, system: System, id: string): Promise<Entity | null> {
    return (await this.bench.store.entities.ofRecords(type, system, [id]))[0] ?? null;
  }

  /** A linked pair, made in the way that the rule allows; a text where it does not come about. */
  async pair(flow: Dataflow, values: Values = this.sample(flow)): Promise<Pair | string> {
    const way = wayToLink(flow);
    if (way === null) return "no rule links them: a person does";
    const filter = way === "EXACT" ? flow.create.toCustomcrm : flow.create.toExact;
    const all = filter.kind === "when" && way !== "BOTH" ? { ...values, [filter.filter.field]: filter.filter.equals } : values;
    const made = way === "BOTH" ? [await this.create(flow, "CUSTOMCRM", all), await this.create(flow, "EXACT", all)] : [await this.create(flow, way, all)];
    const [first, second] = made;
    const system = way === "EXACT" ? "EXACT" : "CUSTOMCRM";
    const finding = await until(this.bench, async () => this.linked(flow, system, first ?? "", second));
    if (finding !== null) return finding;
    const records = (await this.entityOf(flow.type, system, first ?? ""))?.records;
    return records?.CUSTOMCRM && records.EXACT ? { CUSTOMCRM: records.CUSTOMCRM, EXACT: records.EXACT } : "the link was there and is gone";
  }

  /** That a record is linked, with this record of the other system if one is named. */
  async linked(flow: Dataflow, system: System, id: string, counterpart?: string): Promise<Finding> {
    const entity = await this.entityOf(flow.type, system, id);
    const other = entity?.records[system === "CUSTOMCRM" ? "EXACT" : "CUSTOMCRM"] ?? null;
    if (!entity || other === null) return `no counterpart: ${standing(entity)}`;
    if (counterpart !== undefined && other !== counterpart) return `linked with ${other} instead of ${counterpart}`;
    return entity.state === "LINKED" ? null : standing(entity);
  }

  #properties(flow: Dataflow, system: System, values: Values): Properties {
    const rows = flow.rows.filter((row) => row.field in values);
    return Object.fromEntries(rows.map((row) => [propertyOf(row, system), valueAt(values[row.field], system)]));
  }

  #valueOf(flow: Dataflow, row: DataflowRow, number: number): Values[string] {
    const digits = String(number).padStart(4, "0");
    if (row.refersTo) return (system) => this.accounts[0]?.[system] ?? null;
    // What bears the record's name bears the mark: it tells a person whose record this is.
    if (isRequired(flow, row, "CUSTOMCRM")) return `${this.mark} ${digits}`;
    switch (row.kind) {
      case "email":
        return `qa.${row.field}.${digits}@example.nl`.toLowerCase();
      case "phone":
        return `+31 20 555 ${digits}${flow.rows.indexOf(row)}`;
      case "country":
        return "NL";
      case "date":
        return `19${String(50 + (number % 50))}-06-15`;
      case "code":
        return `Q${this.mark.replace(/\D/g, "").slice(-6)}${digits}${row.field.slice(0, 1)}`;
      default:
        return `${row.field} ${digits}`;
    }
  }
}

/** On which side to make a record so that a pair comes of it; BOTH: with equal values, to be matched. */
function wayToLink(flow: Dataflow): System | "BOTH" | null {
  const makes = (rule: Dataflow["create"]["toExact"]) => rule.kind === "always" || rule.kind === "when";
  if (makes(flow.create.toExact)) return "CUSTOMCRM";
  if (flow.match.length > 0) return "BOTH";
  return makes(flow.create.toCustomcrm) ? "EXACT" : null;
}

/** A row as the reports name it. */
export const pairOf = (row: DataflowRow): string => `${row.customcrm} ⇄ ${row.exact}`;
export const travelsTo = (row: DataflowRow, to: System): boolean => row.direction === "BOTH" || row.direction === `TO_${to}`;

export const valueAt = (value: Values[string] | undefined, system: System): string | null => (typeof value === "function" ? value(system) : (value ?? null));

/** That a record holds a value, habits of its system aside. */
export function holds(row: DataflowRow, system: System, wanted: string | null, record: Properties | null): Finding {
  if (record === null) return "the record is gone";
  const [have, want] = [canonical(row.kind, record[propertyOf(row, system)]), canonical(row.kind, wanted)];
  return have === want ? null : `${propertyOf(row, system)} holds ${shown(have)}, not ${shown(want)}`;
}

export const shown = (value: PropertyValue): string => {
  if (value === null) return "no value";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 40)}… (${String(value).length} characters)`;
};
