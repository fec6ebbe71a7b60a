import type { Fields } from "../../domain/canonical.js";
import type { Entity, OpenOperation, Wanted } from "../../domain/entity.js";
import { isoTime } from "../../domain/words.js";
import { wantedWith } from "../decide/operations/accept.js";
import type { ActionParts } from "./parts.js";

/** What a person asks for by an action goes the way of a mutation: the entity wants it, and the one write path does the rest. */
export function wantedFor(parts: ActionParts, entity: Entity, kind: Wanted["kind"], set: Fields, actor: string | null): Wanted {
  const now = isoTime(parts.clock());
  const asked: OpenOperation = {
    id: `action_${parts.newIntentId()}`,
    kind,
    set,
    before: {},
    at: now,
    actor,
    onPartialFailure: "RETRY",
    whenBusy: "QUEUE",
  };
  return wantedWith(entity.wanted, asked);
}
