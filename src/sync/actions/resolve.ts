import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import { type Dataflow, dataflowOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { UserError } from "../../domain/operation.js";
import type { EntityType, System } from "../../domain/words.js";
import { equal, type Unit, unitsOf, valuesOf } from "../decide/units.js";
import { checkFields } from "../validate.js";
import { type Change, changeAndSettle } from "./change.js";
import { type ActionParts, type Outcome, userError } from "./parts.js";
import { changeAll } from "./retry.js";
import { type SideValues, valuesOfSides } from "./sides.js";
import { wantedFor } from "./wanted.js";

/** A side's value, or another one altogether; null clears. */
export type ConflictChoice = { readonly system: System } | { readonly set: unknown };

/** Ends a conflict: the chosen value is written as a mutation would be, and the history keeps those that lost. */
export function resolveConflict(parts: ActionParts, id: string, field: string, take: ConflictChoice, actor: string | null): Promise<Outcome> {
  return changeAndSettle(parts, id, (entity) => resolved(parts, entity, field, take, actor));
}

/** The entities in which this side's values were taken, for one field or for all that wait. */
export function resolveConflicts(parts: ActionParts, types: readonly EntityType[], field: string | null, take: System, actor: string | null): Promise<number> {
  const name = field && fieldName(field);
  const isMeant = ({ conflicts }: Entity) => conflicts.some((one) => name === null || one.field === name);
  // Another field of it may have failed or wait, which says nothing of its conflicts.
  return changeAll(parts, types, ["CONFLICT", "FAILED", "WAITING", "PENDING"], isMeant, async (entity) => {
    const meant = entity.conflicts.filter((one) => name === null || one.field === name);
    const values = await valuesOfSides(parts, entity);
    const units = unitsOf(flowOf(parts, entity)).filter((unit) => meant.some((one) => holds(unit, one.field)));
    const set: Fields = Object.assign({}, ...units.map((unit) => ofSide(values, unit, take)));
    return { entity: { ...entity, wanted: wantedFor(parts, entity, "UPDATE", set, actor) } };
  });
}

async function resolved(parts: ActionParts, entity: Entity, field: string, take: ConflictChoice, actor: string | null): Promise<Change | UserError> {
  const name = fieldName(field);
  const flow = flowOf(parts, entity);
  const unit = unitsOf(flow).find((one) => holds(one, name));
  if (!unit || !entity.conflicts.some((one) => one.field === name)) {
    const waiting = entity.conflicts.map((one) => one.field).join(", ") || "none";
    return userError("NOT_FOUND", `No conflict waits in ${field}. Fields that wait: ${waiting}.`, { field: ["field"] });
  }
  const values = await valuesOfSides(parts, entity);
  if ("system" in take) return { entity: { ...entity, wanted: wantedFor(parts, entity, "UPDATE", ofSide(values, unit, take.system), actor) } };
  const checked = await checkedValue(parts, flow, name, take.set);
  if ("code" in checked) return checked;
  const set = { ...shownOf(entity, values, unit), [name]: checked.value };
  return { entity: { ...entity, wanted: wantedFor(parts, entity, "UPDATE", set, actor) } };
}

/** What merges as one field is taken as one: half an address of each side would be an address of neither. */
const ofSide = (values: SideValues, unit: Unit, system: System): Fields => valuesOf(values[system] ?? {}, unit);

/** The unit as the entity shows it: where both sides say the same, that; else what was agreed, or Customcrm's. */
function shownOf(entity: Entity, { CUSTOMCRM: customcrm, EXACT: exact }: SideValues, unit: Unit): Fields {
  const values = unit.rows.map(({ field }) => [field, equal(customcrm?.[field], exact?.[field]) ? customcrm?.[field] : entity.fields[field]] as const);
  return Object.fromEntries(values.map(([field, value]) => [field, value ?? null]));
}

async function checkedValue(parts: ActionParts, flow: Dataflow, name: string, value: unknown): Promise<{ readonly value: CanonicalValue } | UserError> {
  const path = ["take", "set", "value"];
  const checked = checkFields(flow, { [name]: value ?? null }, "UPDATE");
  if (!checked.ok) return { ...(checked.errors[0] ?? userError("INVALID", `${name} can't hold that.`)), field: path };
  const clean = checked.fields[name] ?? null;
  const row = flow.rows.find((one) => one.field === name);
  if (!row?.refersTo || clean === null) return { value: clean };
  const [target] = await parts.store.entities.get([clean]);
  return target?.type === row.refersTo ? { value: target.id } : userError("NOT_FOUND", `There is no ${row.refersTo.toLowerCase()} ${clean}.`, { field: path });
}

const flowOf = ({ settings }: ActionParts, { type }: Entity): Dataflow => dataflowOf(settings.flows, type);
const holds = (unit: Unit, field: string): boolean => unit.rows.some((row) => row.field === field);
/** The API names a reference by the id that it holds. */
const fieldName = (field: string): string => (field === "accountId" ? "account" : field);
