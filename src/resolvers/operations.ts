import type { Operation as OperationDocument } from "../domain/operation.js";
import type { Operation } from "../schema/operation.type.js";
import type { ResolverParts } from "./parts.js";

/** Operations as they are stored. */
export class Operations {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  async byId(id: string): Promise<Operation | null> {
    const found = await this.#parts.store.documents.get<OperationDocument>("operation", id);
    return found && operationObject(found.value);
  }

  /** A key stands for the operation that this caller sent with it. */
  async byKey(key: string, caller: string | null): Promise<Operation | null> {
    const id = await this.#parts.operationOfKey?.(key, caller);
    return id ? this.byId(id) : null;
  }
}

export const operationObject = ({
  id,
  status,
  writes,
  userErrors,
  entityId,
  startedAt,
  finishedAt,
}: OperationDocument): Operation & { readonly __typename: string } => ({
  __typename: "Operation",
  id,
  status,
  writes,
  userErrors,
  entityId,
  startedAt,
  finishedAt,
});
