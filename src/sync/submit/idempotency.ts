import { createHash } from "node:crypto";
import { limits } from "../../domain/limits.js";
import type { UserError } from "../../domain/operation.js";
import type { DocumentStore, DocumentWrite } from "../../store/store.js";
import type { Submission } from "../submit.js";

/** What a key stands for; a document of kind `idempotency`, stored in one step with the operation. */
export interface Claim {
  readonly operationId: string;
  readonly entityId: string;
  readonly bodyHash: string;
}

/** Keys belong to the credential that sent them: the same key of another caller is another key. */
const documentKey = (key: string, caller: string | null): string => hashOf([caller, key]);

export const keyLease = (key: string, caller: string | null): string => `idempotency:${documentKey(key, caller)}`;

export async function claimOf(documents: DocumentStore, key: string, caller: string | null): Promise<Claim | null> {
  return (await documents.get<Claim>("idempotency", documentKey(key, caller)))?.value ?? null;
}

/** The operation that a key of this caller stands for. */
export async function operationOfKey(documents: DocumentStore, key: string, caller: string | null): Promise<string | null> {
  return (await claimOf(documents, key, caller))?.operationId ?? null;
}

/** Must be new: who comes second finds the first one's. */
export const claimWrite = (key: string, caller: string | null, claim: Claim): DocumentWrite => ({
  kind: "idempotency",
  key: documentKey(key, caller),
  value: claim,
  version: 0,
  ttlMs: limits.mutation.idempotencyKeptMs,
});

/** The same for the same request, in whatever order its fields come. */
export function bodyHashOf({ kind, type, id, fields, expectedVersion, onPartialFailure, whenBusy }: Submission): string {
  const given = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hashOf([kind, type, id, given, expectedVersion ?? null, onPartialFailure ?? "RETRY", whenBusy ?? "REFUSE"]);
}

export const reusedKey: UserError = {
  code: "IDEMPOTENCY_KEY_REUSED",
  message: "This idempotencyKey was used for another request. Take a new key for a new request; keys are kept for 24 hours.",
  field: ["idempotencyKey"],
  system: null,
  retryAt: null,
};

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");
