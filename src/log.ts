import { AsyncLocalStorage } from "node:async_hooks";
import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";
import { RefusedError, TandemError } from "./domain/errors.js";

const current = new AsyncLocalStorage<object>();

/** Runs `work`; every line that is logged on its way, however late, has these fields. */
export function withLogFields<T>(fields: object, work: () => T): T {
  return current.run(fields, work);
}

/** JSON, one line each, to stderr. Errors are logged without the values that they tell of. */
export function createLog(level: LoggerOptions["level"] & string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino({ level, base: { pid: process.pid }, mixin: () => ({ ...current.getStore() }), serializers: { err: loggedError } }, destination);
}

/** Deeper causes tell nothing new. */
const maxCauses = 5;

/** An error as the log has it: what kind it is and where it came from, but no value of a record and no words of a system or a client. */
export function loggedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === "object" ? "something that is no error" : withoutValues(String(error));
  return {
    type: error.name,
    message: messageOf(error),
    ...("code" in error && ["string", "number"].includes(typeof error.code) ? { code: error.code } : {}),
    ...("system" in error && typeof error.system === "string" ? { system: error.system } : {}),
    stack: framesOf(error),
    ...(error.cause !== undefined && depth < maxCauses ? { cause: loggedError(error.cause, depth + 1) } : {}),
  };
}

function messageOf(error: Error): string {
  if (!(error instanceof RefusedError)) return withoutValues(error.message);
  const properties = [...new Set(error.reasons.map(({ property }) => property ?? "the whole"))];
  return `${error.system} refused ${properties.join(", ")}${error.reason === null ? "" : ` (${error.reason})`}.`;
}

/** What stands in double quotes came from somewhere else: parsers quote what they read, our own sentences what they were given. */
function withoutValues(message: string): string {
  return message.replace(/"[^"]*("|$)/g, '"…"').replace(/[^\s@<>"':;,()[\]]+@[^\s@<>"':;,()[\]]+/g, "…@…");
}

/** Errors that the house knows say by their message where they come from. */
function framesOf(error: Error): string | undefined {
  if (error instanceof TandemError) return undefined;
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return frames.map((line) => line.trim()).join("\n");
}
