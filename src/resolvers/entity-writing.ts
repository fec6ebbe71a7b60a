import type { Operation as OperationDocument } from "../domain/operation.js";
import type { EntityType } from "../domain/words.js";
import type { DeleteInput } from "../schema/entity-mutation.input.js";
import type { DeletePayload } from "../schema/entity-payload.type.js";
import type { Operation, SystemWrite, UserError } from "../schema/operation.type.js";
import type { Submission, Submitted } from "../sync/submit.js";
import type { RequestContext } from "./context.js";
import { type EntityObject, entityObject, storedView } from "./entity-objects.js";
import { operationObject } from "./operations.js";
import type { ResolverParts } from "./parts.js";

interface WriteInput {
  readonly idempotencyKey?: string | null;
  readonly onPartialFailure?: OperationDocument["onPartialFailure"] | null;
  readonly whenBusy?: "REFUSE" | "QUEUE" | null;
}

interface UpdateInput extends WriteInput {
  readonly id: string;
  readonly set: object;
  readonly expectedVersion?: number | null;
}

/** What all payloads have in common, with the entity as it stands now. */
export interface Written {
  readonly operation: Operation | null;
  readonly status: OperationDocument["status"];
  readonly writes: readonly SystemWrite[];
  readonly userErrors: readonly UserError[];
  readonly entity: EntityObject | null;
}

/** The mutations of the three types of entities: input in, payload out. */
export class EntityWriting {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  create(context: RequestContext, type: EntityType, { fields, ...rest }: WriteInput & { readonly fields: object }): Promise<Written> {
    return this.#submit(context, { kind: "CREATE", type, id: null, fields: plain(fields), ...settingsOf(rest), caller: context.caller });
  }

  update(context: RequestContext, type: EntityType, { id, set, expectedVersion, ...rest }: UpdateInput): Promise<Written> {
    const submission = { kind: "UPDATE", type, id, fields: plain(set), ...settingsOf(rest), caller: context.caller } as const;
    return this.#submit(context, { ...submission, expectedVersion: expectedVersion ?? null });
  }

  async remove(context: RequestContext, type: EntityType, { id, expectedVersion, idempotencyKey }: DeleteInput): Promise<DeletePayload> {
    const submission = { kind: "DELETE", type, id, fields: {}, caller: context.caller } as const;
    const keyed = { expectedVersion: expectedVersion ?? null, idempotencyKey: idempotencyKey ?? null };
    const { operation, status, writes, userErrors } = await this.#submit(context, { ...submission, ...keyed });
    return { operation, status, writes, userErrors, id: status === "REJECTED" ? null : (operation?.entityId ?? id) };
  }

  async #submit(context: RequestContext, submission: Submission): Promise<Written> {
    if (!this.#parts.submit) throw new Error("This gateway was built without mutations.");
    const { operation, status, userErrors, entity }: Submitted = await this.#parts.submit(submission);
    // An earlier mutation of the same request may have read what this one has changed.
    context.loaders.clear();
    const isShown = entity !== null && entity.type === submission.type;
    return {
      operation: operation && operationObject(operation),
      status,
      writes: operation?.writes ?? [],
      userErrors,
      entity: isShown ? entityObject(storedView(entity)) : null,
    };
  }
}

const settingsOf = ({ idempotencyKey, onPartialFailure, whenBusy }: WriteInput) => ({
  idempotencyKey: idempotencyKey ?? null,
  onPartialFailure: onPartialFailure ?? ("RETRY" as const),
  whenBusy: whenBusy ?? ("REFUSE" as const),
});

/** The values as the client gave them: the scalar of days reads them as moments. */
const plain = (fields: object): Submission["fields"] =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [name, value instanceof Date ? value.toISOString().slice(0, 10) : value]),
  );
