import type { Entity } from "../domain/entity.js";
import { limits } from "../domain/limits.js";
import type { Operation, UserError, WriteStatus } from "../domain/operation.js";
import type { EntityType } from "../domain/words.js";
import type { SettleParts } from "./parts.js";
import { checkRequest } from "./submit/check.js";
import { drive } from "./submit/drive.js";
import { bodyHashOf, type Claim, claimOf, keyLease, reusedKey } from "./submit/idempotency.js";
import { record } from "./submit/record.js";
import { type Sleep, timer } from "./timer.js";

export interface SubmitParts extends SettleParts {
  readonly newOperationId: () => string;
  /** Waits; default: the process's own timer. */
  readonly sleep?: Sleep;
  /** Hears of faults of ours that a mutation met: it is answered as it stands, and goes on in the background. */
  readonly onError?: (error: unknown) => void;
}

/** What an API client asks for. */
export interface Submission {
  readonly kind: Operation["kind"];
  readonly type: EntityType;
  /** null for a create. */
  readonly id: string | null;
  /** As the input gives them: a field left out is left alone, null clears. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly expectedVersion?: number | null;
  readonly idempotencyKey?: string | null;
  readonly onPartialFailure?: Operation["onPartialFailure"];
  readonly whenBusy?: "REFUSE" | "QUEUE";
  /** The credential; keys belong to it. */
  readonly caller: string | null;
  readonly deadlineMs?: number;
}

export interface Submitted {
  readonly status: WriteStatus;
  /** null: it was refused before anything was recorded. */
  readonly operation: Operation | null;
  readonly userErrors: readonly UserError[];
  /** As it stands now; null: there is none, or not any more. */
  readonly entity: Entity | null;
}

/**
 * Takes a mutation: checks it, records it together with what it asks of the entity, and settles that entity at once, within the
 * deadline. It is written by the sync's own plan, intents and push, so that whatever happens here, the background brings it to
 * its end. The same key gives the same operation, from any process and after any crash.
 */
export async function submit(parts: SubmitParts, submission: Submission): Promise<Submitted> {
  const deadline = parts.clock() + (submission.deadlineMs ?? limits.mutation.deadlineMs);
  const taken = await oneAtATime(parts, submission, deadline, () => take(parts, submission, deadline));
  return "operationId" in taken ? outcome(parts, taken.operationId, taken.entityId, deadline) : taken;
}

type Taken = Submitted | Pick<Claim, "operationId" | "entityId">;

/** Everything up to the point from which on nothing is lost. */
async function take(parts: SubmitParts, submission: Submission, deadline: number): Promise<Taken> {
  const bodyHash = bodyHashOf(submission);
  const known = () => repeated(parts, submission, bodyHash);
  const before = await known();
  if (before) return before;
  const checked = await checkRequest(parts, submission, deadline);
  // Somebody else may have sent the same just before: then it is not refused for what that has changed.
  if (!checked.ok) return (await known()) ?? refused(checked.errors, checked.entity);
  const recorded = await record(parts, submission, checked.request, bodyHash);
  if (recorded.kind === "recorded") return recorded;
  return (await known()) ?? (recorded.kind === "refused" ? refused(recorded.errors, recorded.entity) : refused([reusedKey], null));
}

/** The operation that this key stands for already. */
async function repeated(parts: SubmitParts, { idempotencyKey, caller }: Submission, bodyHash: string): Promise<Taken | null> {
  const claim = idempotencyKey ? await claimOf(parts.store.documents, idempotencyKey, caller) : null;
  return claim && (claim.bodyHash === bodyHash ? claim : refused([reusedKey], null));
}

/**
 * Calls with the same key that come together are taken one after the other, so that only the first one looks anything up in
 * the systems. The lease is a courtesy: that one key makes one operation is held by the store.
 */
async function oneAtATime<T>(parts: SubmitParts, { idempotencyKey, caller }: Submission, deadline: number, work: () => Promise<T>): Promise<T> {
  if (!idempotencyKey) return work();
  const key = keyLease(idempotencyKey, caller);
  let lease = await parts.store.leases.acquire(key, leaseMs);
  for (let left = deadline - parts.clock(); !lease && left > 0 && !(await claimOf(parts.store.documents, idempotencyKey, caller)); left -= pauseMs) {
    await (parts.sleep ?? timer)(pauseMs);
    lease = await parts.store.leases.acquire(key, leaseMs);
  }
  try {
    return await work();
  } finally {
    if (lease) await parts.store.leases.release(lease);
  }
}

/** Who died with it keeps nobody waiting for long. */
const leaseMs = 3_000;
const pauseMs = 20;

async function outcome(parts: SubmitParts, operationId: string, entityId: string, deadline: number): Promise<Submitted> {
  const operation = await drive(parts, operationId, entityId, deadline);
  const [entity] = await parts.store.entities.get([entityId]);
  return { status: operation.status, operation, userErrors: operation.userErrors, entity: entity ?? null };
}

const refused = (userErrors: readonly UserError[], entity: Entity | null): Submitted => ({ status: "REJECTED", operation: null, userErrors, entity });
