import type { Fields } from "../../domain/canonical.js";
import { type Dataflow, dataflowOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { UserError } from "../../domain/operation.js";
import type { EntityType } from "../../domain/words.js";
import type { Store } from "../../store/store.js";
import type { PlanSettings } from "../decide/observation.js";
import type { Submission, SubmitParts } from "../submit.js";
import { checkFields } from "../validate.js";
import { dependentsOf } from "./dependents.js";
import { duplicatesOf } from "./duplicates.js";

/** A request that may be recorded: its fields are canonical, its references current. */
export interface Request {
  readonly flow: Dataflow;
  readonly set: Fields;
}

export type CheckedRequest =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly errors: readonly UserError[]; readonly entity: Entity | null };

/** All that can be said before anything is sent or recorded. Faults of the input come in one answer. */
export async function checkRequest(parts: SubmitParts, submission: Submission, deadline: number): Promise<CheckedRequest> {
  const { kind, type, id, fields } = submission;
  const flow = dataflowOf(parts.settings.flows, type);
  const checked = kind === "DELETE" ? { ok: true as const, fields: {} } : checkFields(flow, fields, kind);
  const set = checked.ok ? checked.fields : knownFields(flow, fields);
  const [references, found] = await Promise.all([
    kind === "DELETE" ? { set, errors: [] } : currentReferences(parts.store, flow, set),
    kind === "CREATE" ? null : findEntity(parts.store, type, id ?? ""),
  ]);
  const errors = [
    ...(checked.ok ? [] : checked.errors),
    ...references.errors,
    ...(found ? goneErrors(found) : kind === "CREATE" ? [] : [unknownEntity(type, id)]),
  ];
  if (errors.length > 0) return { ok: false, errors, entity: found };

  const paused = pausedError(await parts.policy(type), kind);
  if (paused) return { ok: false, errors: [paused], entity: found };
  const obstacles =
    kind === "CREATE"
      ? await duplicatesOf(parts, flow, references.set, submission, deadline)
      : kind === "DELETE" && found
        ? await dependentsOf(parts, flow, found, deadline)
        : [];
  return obstacles.length > 0 ? { ok: false, errors: obstacles, entity: found } : { ok: true, request: { flow, set: references.set } };
}

async function findEntity(store: Store, type: EntityType, id: string): Promise<Entity | null> {
  const [entity] = await store.entities.get([id]);
  return entity?.type === type ? entity : null;
}

const unknownEntity = (type: EntityType, id: string | null): UserError => ({
  code: "NOT_FOUND",
  message: `There is no ${type.toLowerCase()} with the id "${id ?? ""}".`,
  field: ["id"],
  system: null,
  retryAt: null,
});

/** What is being deleted takes no change any more. */
export const goneErrors = ({ type, wanted }: Entity): readonly UserError[] =>
  wanted?.kind === "DELETE"
    ? [{ code: "NOT_FOUND", message: `This ${type.toLowerCase()} is being deleted (${wanted.operationId}).`, field: ["id"], system: null, retryAt: null }]
    : [];

/** What of a faulty input can still be looked up, so that a wrong reference is told in the same answer. */
function knownFields(flow: Dataflow, fields: Submission["fields"]): Fields {
  const references = flow.rows.filter((row) => row.refersTo);
  return Object.fromEntries(references.flatMap((row) => (typeof fields[`${row.field}Id`] === "string" ? [[row.field, String(fields[`${row.field}Id`])]] : [])));
}

/** References by the ids that stand today; each must lead to an entity of its type. */
async function currentReferences(store: Store, flow: Dataflow, set: Fields): Promise<{ readonly set: Fields; readonly errors: readonly UserError[] }> {
  const rows = flow.rows.filter((row) => row.refersTo && typeof set[row.field] === "string");
  const found = rows.length > 0 ? await store.entities.get(rows.map((row) => set[row.field] ?? "")) : [];
  const errors: UserError[] = [];
  const current: Record<string, string | null> = { ...set };
  rows.forEach((row, i) => {
    const entity = found[i];
    if (entity && entity.type === row.refersTo) current[row.field] = entity.id;
    else {
      const message = `${row.field}Id: there is no ${row.refersTo?.toLowerCase()} with the id "${set[row.field]}".`;
      errors.push({ code: "NOT_FOUND", message, field: [`${row.field}Id`], system: null, retryAt: null });
    }
  });
  return { set: current, errors };
}

/** Before first contact is confirmed nothing is written; while a dataflow is paused, nothing new is made (R11). */
function pausedError({ paused, firstContactConfirmed }: PlanSettings, kind: Submission["kind"]): UserError | null {
  const common = { code: "PAUSED" as const, field: null, system: null, retryAt: null };
  if (!firstContactConfirmed) {
    return { ...common, message: paused?.message ?? "First contact: nothing is written until a person has seen the plan and resumes the dataflow." };
  }
  return paused && kind === "CREATE" ? { ...common, message: `The dataflow is paused, so that nothing new is made: ${paused.message}` } : null;
}
