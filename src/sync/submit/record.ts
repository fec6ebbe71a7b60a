import type { Fields } from "../../domain/canonical.js";
import type { Dataflow } from "../../domain/dataflow.js";
import type { Entity, OpenOperation } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import type { Operation, SystemWrite, UserError } from "../../domain/operation.js";
import { isoTime, type System } from "../../domain/words.js";
import type { DocumentWrite } from "../../store/store.js";
import { titleOf } from "../decide/label.js";
import type { Observation } from "../decide/observation.js";
import { accepted } from "../decide/operations/accept.js";
import { expectedOf } from "../decide/operations/expected.js";
import { pick, same } from "../decide/units.js";
import { writeOf } from "../document.js";
import { observe, recordRefs } from "../observe.js";
import { isUnread } from "../outcome.js";
import { operationDocuments } from "../push.js";
import { readNow } from "../send.js";
import type { Submission, SubmitParts } from "../submit.js";
import { goneErrors, type Request } from "./check.js";
import { claimWrite } from "./idempotency.js";
import { claimKeys } from "./making.js";

export type Recorded =
  | { readonly kind: "recorded"; readonly operationId: string; readonly entityId: string }
  /** Another call with the same key was first. */
  | { readonly kind: "known" }
  | { readonly kind: "refused"; readonly errors: readonly UserError[]; readonly entity: Entity | null };

/**
 * Records the operation, its key, and what it asks of the entity, in one step with the mark that makes the sync look at it.
 * From here on nothing of it is lost, whatever happens to this process.
 */
export async function record(parts: SubmitParts, submission: Submission, request: Request, bodyHash: string): Promise<Recorded> {
  return submission.kind === "CREATE" ? recordCreate(parts, submission, request, bodyHash) : recordChange(parts, submission, request, bodyHash);
}

async function recordCreate(parts: SubmitParts, submission: Submission, { flow, set }: Request, bodyHash: string): Promise<Recorded> {
  const now = isoTime(parts.clock());
  const fields = {
    ...Object.fromEntries(flow.rows.map((row) => [row.field, null])),
    ...pick(
      set,
      flow.rows.map((row) => row.field),
    ),
  };
  const nobody: Entity = {
    id: parts.newId(flow.type),
    type: flow.type,
    revision: 0,
    records: { CUSTOMCRM: null, EXACT: null },
    formerExactEntityId: null,
    state: "PENDING",
    version: 1,
    origin: null,
    linkedAt: null,
    syncedAt: null,
    problem: null,
    candidates: [],
    conflicts: [],
    ignored: [],
    cutFrom: [],
    fields,
    modifiedAt: now,
    shadows: { CUSTOMCRM: null, EXACT: null },
    intents: [],
    wanted: null,
    nextActionAt: null,
  };
  const operation = operationOf(parts, submission, nobody, set);
  for (;;) {
    const claimed = await claimKeys(parts.store, flow, set, nobody.id);
    if ("errors" in claimed) return { kind: "refused", errors: claimed.errors, entity: null };
    const stored = await commit(parts, submission, flow, nobody, operation, bodyHash, claimed.documents);
    if (stored === "known") return { kind: "known" };
    // Somebody else began to make the same just before.
    if (stored) return { kind: "recorded", operationId: operation.id, entityId: stored.id };
  }
}

async function recordChange(parts: SubmitParts, submission: Submission, { flow, set }: Request, bodyHash: string): Promise<Recorded> {
  for (let round = 0; ; round++) {
    const [entity] = await parts.store.entities.get([submission.id ?? ""]);
    if (!entity || entity.type !== flow.type) return { kind: "refused", errors: [vanished(submission.id)], entity: null };
    const conflicts = [...goneErrors(entity), ...crowdErrors(entity), ...versionErrors(flow, entity, submission, set)];
    if (conflicts.length > 0) return { kind: "refused", errors: conflicts, entity };
    // What seems to be there already is looked at once more: somebody may have changed it in a system just now.
    if (round === 0 && submission.kind === "UPDATE" && same(pick(entity.fields, Object.keys(set)), set)) await readLive(parts, flow, entity);
    const operation = await withExpectation(parts, flow, entity, submission, operationOf(parts, submission, entity, set));
    const stored = await commit(parts, submission, flow, entity, operation, bodyHash);
    if (stored === "known") return { kind: "known" };
    if (!stored) continue;
    return { kind: "recorded", operationId: operation.id, entityId: stored.id };
  }
}

const vanished = (id: string | null): UserError => ({
  code: "NOT_FOUND",
  message: `The entity "${id ?? ""}" is not there any more.`,
  field: ["id"],
  system: null,
  retryAt: null,
});

/** What waits for a system that is away is kept with the entity: there is an end to that. */
const crowdErrors = ({ operations = [], nextActionAt }: Entity): readonly UserError[] =>
  operations.length < limits.mutation.openPerEntity
    ? []
    : [
        {
          code: "RATE_LIMITED",
          message: `${operations.length} mutations of it are still under way. Wait for some of them to end.`,
          field: ["id"],
          system: null,
          retryAt: nextActionAt,
        },
      ];

/** Refused only for fields that have changed since the version that the client saw. */
function versionErrors(flow: Dataflow, entity: Entity, { kind, expectedVersion }: Submission, set: Fields): readonly UserError[] {
  if (expectedVersion === null || expectedVersion === undefined) return [];
  const names = kind === "DELETE" ? flow.rows.map((row) => row.field) : Object.keys(set);
  const changed = names.filter((field) => (entity.fieldVersions?.[field] ?? 0) > expectedVersion);
  return changed.map((field): UserError => {
    const value = entity.fields[field] ?? null;
    const holds = value === null ? "has no value" : `is "${value}"`;
    const message = `${field} ${holds} now: it changed in version ${entity.fieldVersions?.[field]}, and version ${expectedVersion} was expected.`;
    const name = flow.rows.some((row) => row.field === field && row.refersTo) ? `${field}Id` : field;
    return { code: "VERSION_CONFLICT", message, field: [name], system: null, retryAt: null };
  });
}

/** A failure tells nothing: then what is known must do. */
async function readLive(parts: SubmitParts, flow: Dataflow, entity: Entity): Promise<void> {
  const options = { class: "interactive", deadline: parts.clock() + readDeadlineMs } as const;
  await Promise.all(
    recordRefs(flow, entity).map(({ system, type, id }) =>
      readNow({ snapshots: parts.store.snapshots, clock: parts.clock }, parts.connectors[system], type, [id], options).catch((error: unknown) => {
        if (!isUnread(error)) throw error;
      }),
    ),
  );
}

const readDeadlineMs = 3_000;

/** With `expectedVersion` the mutation remembers what the records may hold, so that an edit in a system is seen before it is overwritten. */
async function withExpectation(parts: SubmitParts, flow: Dataflow, entity: Entity, submission: Submission, operation: OpenOperation): Promise<OpenOperation> {
  if (submission.expectedVersion === null || submission.expectedVersion === undefined) return operation;
  const batch = await observe(parts.store, parts.settings.flows, [entity]);
  const sides = batch.seen[0]?.sides ?? { CUSTOMCRM: { kind: "none" }, EXACT: { kind: "none" } };
  const settings = await parts.policy(entity.type);
  const observation: Observation = { flow, entity, sides, references: batch.references, settings, match: { kind: "none" }, now: parts.clock() };
  const names =
    submission.kind === "DELETE"
      ? flow.rows.map((row) => row.field)
      : Object.keys(operation.set).filter((field) => flow.rows.some((row) => row.field === field));
  return { ...operation, expected: expectedOf(observation, names) };
}

function operationOf(parts: SubmitParts, submission: Submission, entity: Entity, set: Fields): OpenOperation {
  return {
    id: parts.newOperationId(),
    kind: submission.kind,
    set,
    before: Object.fromEntries(Object.keys(set).map((field) => [field, entity.fields[field] ?? null])),
    at: isoTime(parts.clock()),
    actor: submission.caller,
    onPartialFailure: submission.onPartialFailure ?? "RETRY",
    whenBusy: submission.whenBusy ?? "REFUSE",
  };
}

/** "known": the idempotency key is taken; null: somebody else wrote the entity, or claimed what it is found by, meanwhile. */
async function commit(
  parts: SubmitParts,
  { idempotencyKey, caller }: Submission,
  flow: Dataflow,
  entity: Entity,
  operation: OpenOperation,
  bodyHash: string,
  making: readonly DocumentWrite[] = [],
): Promise<Entity | "known" | null> {
  const { store } = parts;
  const next = accepted(flow, entity, operation, parts.clock());
  const document: Operation = {
    id: operation.id,
    kind: operation.kind,
    type: entity.type,
    entityId: entity.id,
    set: operation.set,
    status: "PENDING",
    writes: (["EXACT", "CUSTOMCRM"] as const).map((system) => firstWrite(entity, operation, system)),
    userErrors: [],
    startedAt: operation.at,
    finishedAt: null,
    onPartialFailure: operation.onPartialFailure,
  };
  const claims: readonly DocumentWrite[] = idempotencyKey
    ? [claimWrite(idempotencyKey, caller, { operationId: operation.id, entityId: entity.id, bodyHash })]
    : [];
  const result = await store.entities.commit({
    put: [writeOf(flow, next.entity, next.history, await customcrmRecord(parts, flow, entity))],
    markDirty: [entity.id],
    documents: [...claims, ...making, ...operationDocuments([document])],
  });
  if (result.ok) return { ...next.entity, revision: entity.revision + 1 };
  return result.reason === "DOCUMENT" && result.kind === "idempotency" ? "known" : null;
}

/** The index keeps what only Customcrm has, which must not be lost over a write of the document. */
async function customcrmRecord({ store }: SubmitParts, flow: Dataflow, entity: Entity) {
  const id = entity.records.CUSTOMCRM;
  if (id === null || flow.type !== "PRODUCT") return null;
  const [snapshot] = await store.snapshots.get([{ system: "CUSTOMCRM", type: flow.customcrm, id }]);
  return snapshot?.record ?? null;
}

/** How it stands before anybody has looked at it. */
function firstWrite(entity: Entity, { kind, set }: OpenOperation, system: System): SystemWrite {
  const recordId = entity.records[system];
  const isPart = kind === "CREATE" || recordId !== null;
  return {
    system,
    status: isPart ? "PENDING" : "NOT_NEEDED",
    operation: kind,
    fields: isPart ? Object.keys(set) : [],
    recordId,
    error: isPart ? `It has not been sent to ${titleOf(system)} yet.` : null,
    nextAttemptAt: null,
  };
}
