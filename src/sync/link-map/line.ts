import { z } from "zod";
import type { Entity } from "../../domain/entity.js";
import { InvalidInputError } from "../../domain/errors.js";
import { type EntityType, type ExactType, entityTypes, exactTypes, linkStates } from "../../domain/words.js";
import type { DataflowState } from "../policy.js";

/** One line of a link map written out: an entity as it is stored, or what persons decided about a dataflow. */
export type LinkMapLine =
  | { readonly kind: "entity"; readonly entity: Entity; readonly number?: string | null; readonly exact?: ExactType }
  | { readonly kind: "dataflow"; readonly type: EntityType; readonly state: DataflowState };

const text = z.string().min(1);
const recordId = text.nullable();
const entity = z.looseObject({
  id: text,
  type: z.enum(entityTypes),
  revision: z.int().nonnegative(),
  records: z.strictObject({ CUSTOMCRM: recordId, EXACT: recordId }),
  formerExactEntityId: recordId,
  state: z.enum(linkStates),
  version: z.int(),
  fields: z.record(z.string(), z.string().nullable()),
  modifiedAt: z.iso.datetime(),
  shadows: z.strictObject({
    CUSTOMCRM: z.record(z.string(), z.string().nullable()).nullable(),
    EXACT: z.record(z.string(), z.string().nullable()).nullable(),
  }),
  intents: z.array(z.looseObject({ id: text })),
  candidates: z.array(z.looseObject({ recordId: text })),
  conflicts: z.array(z.looseObject({ field: text })),
  ignored: z.array(z.looseObject({ field: text })),
  cutFrom: z.array(text),
  nextActionAt: z.iso.datetime().nullable(),
});
const line = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("entity"), entity, number: z.string().nullable().optional(), exact: z.enum(exactTypes).optional() }),
  z.looseObject({ kind: z.literal("dataflow"), type: z.enum(entityTypes), state: z.looseObject({ confirmed: z.boolean(), held: z.array(text) }) }),
]);

/** Throws `InvalidInputError` with the line's number when it is none of ours. */
export function parseLine(given: string, lineNumber: number): LinkMapLine {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    throw new InvalidInputError(`Line ${lineNumber} is no JSON. Nothing of it or after it was imported.`);
  }
  const checked = line.safeParse(value);
  if (checked.success) return checked.data as unknown as LinkMapLine;
  const [issue] = checked.error.issues;
  throw new InvalidInputError(`Line ${lineNumber} is no line of an exported link map: ${issue?.path.join(".")}: ${issue?.message}.`);
}
