import { createHash } from "node:crypto";
import type { Fields } from "../../domain/canonical.js";
import type { Dataflow } from "../../domain/dataflow.js";
import { limits } from "../../domain/limits.js";
import type { UserError } from "../../domain/operation.js";
import type { DocumentWrite, Store } from "../../store/store.js";
import { matchKeyOf } from "../index-entry.js";
import { duplicateOf, isAlike } from "./duplicates.js";

/** Who makes something of this key just now; a document of kind `making`, stored in one step with the operation. */
interface Making {
  readonly entityId: string;
}

export type Claimed = { readonly documents: readonly DocumentWrite[] } | { readonly errors: readonly UserError[] };

/**
 * Claims the keys by which a new entity would be matched, so that of several that make the same at once, in any process, one is
 * first and the others hear which one it is. What is there for longer is found by its keys (`duplicatesOf`).
 */
export async function claimKeys(
  { entities, documents }: Pick<Store, "entities" | "documents">,
  flow: Dataflow,
  set: Fields,
  entityId: string,
): Promise<Claimed> {
  const writes: DocumentWrite[] = [];
  for (const [alternative, fields] of flow.match.entries()) {
    const matchKey = matchKeyOf(flow, "EXACT", set, alternative);
    if (matchKey === null) continue;
    // What a record holds stands in no key of the store.
    const key = createHash("sha256").update(`${flow.type}:${matchKey}`).digest("hex");
    const found = await documents.get<Making>("making", key);
    const [other] = found ? await entities.get([found.value.entityId]) : [];
    const isSame = other && matchKeyOf(flow, "EXACT", other.fields, alternative) === matchKey && isAlike(flow, other, set, alternative);
    if (isSame) return { errors: [duplicateOf(other, fields)] };
    writes.push({ kind: "making", key, value: { entityId } satisfies Making, version: found?.version ?? 0, ttlMs: limits.mutation.makingKeptMs });
  }
  return { documents: writes };
}
