import type { Entity } from "../../domain/entity.js";
import type { UserError, UserErrorCode } from "../../domain/operation.js";
import type { EntityType, System } from "../../domain/words.js";
import type { SettleParts } from "../parts.js";
import type { Sleep } from "../timer.js";

export interface ActionParts extends SettleParts {
  /** What a dataflow of which nothing is kept yet begins with (R11). */
  readonly firstContact: "review" | "live";
  /** Waits; default: the process's own timer. */
  readonly sleep?: Sleep;
  /** Says that there is marked work, so that somebody begins with it soon. */
  readonly nudge?: () => void;
}

/** How an action of a person has ended. The entity is as it stands now; null where there is none. */
export interface Outcome {
  readonly entity: Entity | null;
  readonly userErrors: readonly UserError[];
}

export function userError(
  code: UserErrorCode,
  message: string,
  about: { readonly field?: readonly string[]; readonly system?: System; readonly retryAt?: string } = {},
): UserError {
  return { code, message, field: about.field ?? null, system: about.system ?? null, retryAt: about.retryAt ?? null };
}

export const refusedWith = (error: UserError, entity: Entity | null = null): Outcome => ({ entity, userErrors: [error] });

export const notFound = (id: string): UserError => userError("NOT_FOUND", `There is no entity ${id}.`, { field: ["id"] });

/** Why no record is created now; null when one may be. */
export async function whyNoCreate(parts: ActionParts, type: EntityType, what: string): Promise<UserError | null> {
  const { paused, firstContactConfirmed } = await parts.policy(type);
  if (!paused && firstContactConfirmed) return null;
  const why = paused?.message ?? "first contact is not confirmed";
  return userError("PAUSED", `No ${what} record is created before the dataflow is resumed: ${why}`);
}
