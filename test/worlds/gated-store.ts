import { StoreUnavailableError } from "../../src/domain/errors.js";
import type { Store } from "../../src/store/store.js";
import type { Host } from "./scheduler.js";

export interface Gate {
  /** Before every operation: stops, or not; throws when the process is dead. */
  before(host: Host, name: string, isWrite: boolean): Promise<void>;
  /** What becomes of a write: done and told, done and not told, or not done. */
  fate(): "done" | "answer lost" | "not done";
  wrote(name: string, args: readonly unknown[], result: unknown): void;
  /** A write has failed, for all that its caller can know: the job that it belongs to ends. */
  failed(): void;
}

const reads = new Set(["get", "ofRecords", "idsOfRecords", "list", "count", "listLinks", "countLinks", "counts", "byMatchKey", "history", "historyEvent"]);
const alsoReads = new Set(["due", "countDue", "dirty", "dirtyPage", "countDirty", "ticket", "slice"]);

/** The store as one process reaches it: every operation is a point at which the world may go on without it. */
export function gatedStore(store: Store, host: Host, gate: Gate): Store {
  const part = <T extends object>(target: T, name: string): T =>
    new Proxy(target, {
      get(_target, property) {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== "function" || typeof property !== "string") return member;
        const call = member as (...args: unknown[]) => unknown;
        if (property === "scan") return (...args: unknown[]) => scanned(host, call.apply(target, args) as AsyncIterable<unknown>, gate);
        if (property === "subscribe") return call.bind(target);
        return (...args: unknown[]) =>
          operation(host, gate, `${name}.${property}`, () => call.apply(target, args), args, !reads.has(property) && !alsoReads.has(property));
      },
    });
  return {
    entities: part(store.entities, "entities"),
    snapshots: part(store.snapshots, "snapshots"),
    feeds: part(store.feeds, "feeds"),
    leases: part(store.leases, "leases"),
    secrets: part(store.secrets, "secrets"),
    documents: part(store.documents, "documents"),
    tallies: part(store.tallies, "tallies"),
    events: part(store.events, "events"),
    kind: store.kind,
    ping: () => store.ping(),
    stop: () => store.stop(),
  };
}

async function operation(host: Host, gate: Gate, name: string, run: () => unknown, args: readonly unknown[], isWrite: boolean): Promise<unknown> {
  await gate.before(host, name, isWrite && name !== "leases.renew");
  const fate = isWrite && name !== "leases.renew" ? gate.fate() : "done";
  const result = fate === "not done" ? null : await run();
  if (isWrite && fate !== "not done") gate.wrote(name, args, result);
  if (fate === "done") return result;
  gate.failed();
  throw new StoreUnavailableError("Redis does not answer.");
}

async function* scanned(host: Host, batches: AsyncIterable<unknown>, gate: Gate): AsyncGenerator<unknown> {
  for await (const batch of batches) {
    await gate.before(host, "entities.scan", false);
    yield batch;
  }
}
