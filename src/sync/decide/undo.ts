import type { Intent } from "../../domain/entity.js";
import type { Properties } from "../../domain/record.js";
import type { PlannedWrite, Sighting } from "./observation.js";
import { differing, equal, pick } from "./units.js";

/** How a write that was accepted is undone when the other side refused for good (I9). */
export type Undo =
  | { readonly kind: "write"; readonly write: PlannedWrite }
  /** Nothing of it is left to undo. */
  | { readonly kind: "nothing" }
  /** Somebody has changed the record since, or it can't be put back: a person decides. */
  | { readonly kind: "unsafe"; readonly reason: string };

/**
 * Puts back what the record held, if it still holds what we wrote. A created record is deleted, if nothing was added to it; of a
 * record that is gone nothing is left. A delete is never undone.
 */
export function undoOf(intent: Intent, recordId: string | null, now: Sighting): Undo {
  if (intent.operation === "DELETE") return { kind: "unsafe", reason: "A deleted record is not made again." };
  if (now.kind !== "present") return { kind: "nothing" };
  const common = { system: intent.system, recordId, source: {}, extra: {} };
  if (intent.operation === "CREATE") {
    // Where the answer was lost, what it returned is not known: then any value more than was sent may be a person's.
    const changed = differing(intent.fields, now.fields).filter((field) => field in intent.fields || (now.fields[field] ?? null) !== null);
    return changed.length > 0
      ? { kind: "unsafe", reason: `The new record was edited already: ${changed.join(", ")}.` }
      : { kind: "write", write: { ...common, operation: "DELETE", fields: {}, over: {} } };
  }
  const before = intent.over ?? {};
  const names = Object.keys(intent.fields);
  const edited = names.filter((field) => !equal(now.fields[field], intent.fields[field]) && !equal(now.fields[field], before[field]));
  if (edited.length > 0) return { kind: "unsafe", reason: `Somebody has changed ${edited.join(", ")} since.` };
  const fields = Object.fromEntries(names.filter((field) => !equal(now.fields[field], before[field])).map((field) => [field, before[field] ?? null]));
  const extra = stillOurs(intent, now);
  if (Object.keys(fields).length + Object.keys(extra).length === 0) return { kind: "nothing" };
  return { kind: "write", write: { ...common, operation: "UPDATE", fields, over: pick(intent.fields, Object.keys(fields)), extra } };
}

/** Properties that hold what was sent beside the fields; what somebody has changed since is left alone. */
function stillOurs({ extra = {}, extraOver = {} }: Intent, { record }: Extract<Sighting, { kind: "present" }>): Properties {
  const ours = Object.entries(extraOver).filter(([name, before]) => {
    const value = record.properties[name] ?? null;
    return value === (extra[name] ?? null) && value !== before;
  });
  return Object.fromEntries(ours);
}
