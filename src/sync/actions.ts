import type { EntityType, System } from "../domain/words.js";
import { chooseMatch, type MatchChoice } from "./actions/choose-match.js";
import { type HeldWork, pauseDataflow, resumeDataflow } from "./actions/dataflow.js";
import { type LinkRecordsInput, linkRecords } from "./actions/link-records.js";
import type { ActionParts, Outcome } from "./actions/parts.js";
import { type ConflictChoice, resolveConflict, resolveConflicts } from "./actions/resolve.js";
import { retry, retryAll } from "./actions/retry.js";
import { syncEntity } from "./actions/sync-entity.js";
import { takeBack } from "./actions/take-back.js";
import { unlink } from "./actions/unlink.js";

export type { MatchChoice } from "./actions/choose-match.js";
export type { HeldWork } from "./actions/dataflow.js";
export type { LinkRecordsInput } from "./actions/link-records.js";
export type { ActionParts, Outcome } from "./actions/parts.js";
export type { ConflictChoice } from "./actions/resolve.js";

/**
 * What a person decides about links and dataflows. Each holds the entity's lease, writes by compare-and-set, and settles at
 * once what it can. What is refused is told in the outcome, never thrown; only faults are.
 */
export class Actions {
  constructor(private readonly parts: ActionParts) {}

  unlink(id: string, actor: string | null): Promise<Outcome> {
    return unlink(this.parts, id, actor);
  }

  linkRecords(input: LinkRecordsInput, actor: string | null): Promise<Outcome> {
    return linkRecords(this.parts, input, actor);
  }

  chooseMatch(id: string, choice: MatchChoice, actor: string | null): Promise<Outcome> {
    return chooseMatch(this.parts, id, choice, actor);
  }

  resolveConflict(id: string, field: string, take: ConflictChoice, actor: string | null): Promise<Outcome> {
    return resolveConflict(this.parts, id, field, take, actor);
  }

  resolveConflicts(types: readonly EntityType[], field: string | null, take: System, actor: string | null): Promise<number> {
    return resolveConflicts(this.parts, types, field, take, actor);
  }

  takeBack(eventId: string, fields: readonly string[] | null, actor: string | null): Promise<Outcome> {
    return takeBack(this.parts, eventId, fields, actor);
  }

  retry(ids: readonly string[], actor: string | null): Promise<readonly Outcome[]> {
    return retry(this.parts, ids, actor);
  }

  retryAll(types: readonly EntityType[], code: string | null, actor: string | null): Promise<number> {
    return retryAll(this.parts, types, code, actor);
  }

  syncEntity(id: string): Promise<Outcome> {
    return syncEntity(this.parts, id);
  }

  pauseDataflow(type: EntityType, reason: string): Promise<void> {
    return pauseDataflow(this.parts, type, reason);
  }

  resumeDataflow(type: EntityType, held: HeldWork): Promise<void> {
    return resumeDataflow(this.parts, type, held);
  }
}
