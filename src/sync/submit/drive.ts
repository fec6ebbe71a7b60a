import { StoreUnavailableError } from "../../domain/errors.js";
import type { Operation } from "../../domain/operation.js";
import { settle } from "../settle.js";
import type { SubmitParts } from "../submit.js";
import { timer } from "../timer.js";

/** How often it is asked whether another writer has let go of the entity. */
const pauseMs = 40;

/**
 * Settles the entity until the operation has ended, nothing more can be done now, or the deadline has come: then it is answered
 * as it stands. What is under way goes on by itself.
 */
export async function drive(parts: SubmitParts, operationId: string, entityId: string, deadline: number): Promise<Operation> {
  const stop = new AbortController();
  const sleep = parts.sleep ?? timer;
  const late = sleep(Math.max(0, deadline - parts.clock()), stop.signal).catch(() => {});
  const work = settleUntilDone(parts, operationId, entityId, deadline, stop.signal).catch((error: unknown) => {
    // It is recorded, so that the background goes on with it; the fault itself must not pass unseen.
    parts.onError?.(error);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
  const operation = await read(parts, operationId);
  if (!operation) throw new StoreUnavailableError(`The operation ${operationId} was recorded and can't be read now. Ask for it again with the same key.`);
  return operation;
}

async function settleUntilDone(parts: SubmitParts, operationId: string, entityId: string, deadline: number, signal: AbortSignal): Promise<void> {
  let id = entityId;
  while (!signal.aborted && parts.clock() < deadline) {
    const operation = await read(parts, operationId);
    if (operation?.status !== "PENDING") return;
    const [settled] = await settle(parts, [id], { class: "interactive", urgent: true, deadline });
    // It was joined with another: the survivor is settled under its own id.
    if (settled?.entity && settled.entity.id !== id) id = settled.entity.id;
    else if (settled?.done) return;
    // Another writer has it, and may be settling this very change.
    else await (parts.sleep ?? timer)(pauseMs, signal).catch(() => {});
  }
}

async function read({ store }: SubmitParts, operationId: string): Promise<Operation | null> {
  return (await store.documents.get<Operation>("operation", operationId))?.value ?? null;
}
