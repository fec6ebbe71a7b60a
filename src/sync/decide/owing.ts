import type { Entity, Intent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { type IsoTime, isoTime } from "../../domain/words.js";
import type { Plan } from "./observation.js";

/**
 * The entity with what the plan owes, to be stored before anything is sent (R8). Attempts that never left the house give way to
 * the new ones and hand on their count.
 */
export function owing(
  plan: Plan,
  ids: readonly string[],
  operationId: string | null,
  now: number,
): { readonly entity: Entity; readonly intents: readonly Intent[] } {
  const targets = plan.writes.map((write) => write.system);
  const waiting = plan.next.intents.filter((intent) => intent.sentAt === null && targets.includes(intent.system));
  const intents = plan.writes.map((write, i): Intent => {
    const before = waiting.find((intent) => intent.system === write.system && intent.operation === write.operation);
    return {
      id: ids[i] ?? "",
      system: write.system,
      operation: write.operation,
      fields: write.fields,
      source: write.source,
      over: write.over,
      extra: write.extra,
      ...(write.extraOver ? { extraOver: write.extraOver } : {}),
      ...(write.undoes ? { undoes: write.undoes } : {}),
      operationId: write.undoes ?? operationId,
      queuedAt: before?.queuedAt ?? isoTime(now),
      sentAt: null,
      quarantineUntil: null,
      attempts: before?.attempts ?? 0,
      nextAttemptAt: null,
      lastError: before?.lastError ?? null,
    };
  });
  return { entity: { ...plan.next, intents: [...plan.next.intents.filter((intent) => !waiting.includes(intent)), ...intents] }, intents };
}

/** The entity with an intent that may have been sent already, and was forgotten: it waits, and is looked for, as one whose answer was lost (R8). */
export function forgotten(entity: Entity, intentId: string, since: IsoTime, until: IsoTime): Entity {
  const intents = entity.intents.map((intent) => (intent.id === intentId ? { ...intent, sentAt: since, quarantineUntil: until } : intent));
  return { ...entity, intents, nextActionAt: until };
}

/**
 * The entity as it must be stored right before this intent is sent: from here on the write may have happened. Should its sender
 * end before it tells more, it is looked at once the sender's lease has run out, so that it says for what it waits (I7).
 */
export function sending(entity: Entity, intentId: string, now: number, quarantineMs: number): Entity {
  const intents = entity.intents.map((intent) =>
    intent.id === intentId ? { ...intent, sentAt: isoTime(now), quarantineUntil: isoTime(now + quarantineMs), attempts: intent.attempts + 1 } : intent,
  );
  return { ...entity, intents, nextActionAt: isoTime(now + Math.min(limits.sync.leaseMs, quarantineMs)) };
}
