import { setTimeout as sleep } from "node:timers/promises";

/** Waits so long, or until called off; in a simulated world its own clock and scheduler do. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<unknown>;

/** The process's own timer. */
export const timer: Sleep = (ms, signal) => sleep(ms, undefined, signal ? { signal } : {});
