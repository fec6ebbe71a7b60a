import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";

/** LOADING: it is there and reads its data; READY: it takes commands. */
export type RedisState = "READY" | "LOADING";

/** Nobody serves under the address that was given. */
export class RedisUnreachableError extends Error {
  override readonly name = "RedisUnreachableError";
  constructor(url: string, options: ErrorOptions) {
    super(`Redis at ${withoutPassword(url)} does not answer: ${reason(options.cause)}.`, options);
  }
}

/** Waits while a Redis loads its data; throws `RedisUnreachableError` if it does not answer within `timeoutMs`. */
export async function awaitRedis(url: string, timeoutMs: number): Promise<void> {
  try {
    while ((await probeRedis(url, timeoutMs)) === "LOADING") await sleep(250);
  } catch (cause) {
    throw new RedisUnreachableError(url, { cause });
  }
}

/** Asks a Redis whether it serves. Throws, within `timeoutMs`, what kept it from answering. */
export async function probeRedis(url: string, timeoutMs: number): Promise<RedisState> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: timeoutMs } });
  // The same failure rejects `connect`; without a listener it would also end the process.
  client.on("error", () => {});
  try {
    return await within(timeoutMs, connectAndPing(client));
  } finally {
    client.destroy();
  }
}

async function connectAndPing(client: { connect(): Promise<unknown>; ping(): Promise<unknown> }): Promise<RedisState> {
  try {
    await client.connect();
    await client.ping();
    return "READY";
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("LOADING")) return "LOADING";
    throw error;
  }
}

/** A connection that is accepted and then says nothing is no answer either. */
async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

const withoutPassword = (url: string): string => url.replace(/(:\/\/[^/@]*:)[^@]*@/, "$1***@");

function reason(cause: unknown): string {
  // A name with several addresses fails with one error for each, and an empty message of its own.
  if (cause instanceof AggregateError) return cause.errors.map(reason).join(", ");
  return cause instanceof Error ? cause.message : String(cause);
}
