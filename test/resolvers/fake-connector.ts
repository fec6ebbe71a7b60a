import type { CallOptions, Connector, ConnectorStatus, FeedPage, ListPage } from "../../src/connectors/connector.js";
import { type SystemError, UnavailableError } from "../../src/domain/errors.js";
import type { SystemRecord } from "../../src/domain/record.js";
import type { RecordType, System } from "../../src/domain/words.js";

/** How many ids a call takes: Exact's page size, Customcrm's ids per call. */
const idsPerCall: { readonly [S in System]: number } = { EXACT: 60, CUSTOMCRM: 100 };

/** A system in memory that counts its calls as the real one would be called: one per page. */
export class FakeConnector implements Connector {
  readonly feeds;
  readonly records = new Map<string, SystemRecord>();
  /** `Accounts: 60` for each page read, in order. */
  readonly calls: string[] = [];
  /** What every call fails with; null: it answers. */
  failure: SystemError | null = null;
  /** Calls wait for this before they answer. */
  gate: Promise<void> = Promise.resolve();
  state: ConnectorStatus = { reachable: true, authorized: true, problem: null, budget: [] };

  constructor(readonly system: System) {
    this.feeds = [{ name: "all", types: system === "EXACT" ? (["Accounts", "Contacts"] as const) : (["Customer", "Contact", "Product"] as const) }];
  }

  set(record: SystemRecord): void {
    this.records.set(`${record.type}:${record.id}`, record);
  }

  edit(type: RecordType, id: string, properties: SystemRecord["properties"], modifiedAt: string): void {
    const record = this.records.get(`${type}:${id}`);
    if (!record) throw new Error(`There is no ${type} ${id}.`);
    this.set({ ...record, modifiedAt, properties: { ...record.properties, ...properties } });
  }

  stop(): void {
    this.failure = new UnavailableError(this.system, `${this.system} did not answer within 5 seconds.`);
  }

  countOf(type: RecordType): number {
    return this.calls.filter((call) => call.startsWith(`${type}:`)).length;
  }

  async getMany(type: RecordType, ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, SystemRecord>> {
    if (options.class !== "interactive" || options.deadline === undefined) throw new Error("A query must read interactively, and not wait for ever.");
    const wanted = [...new Set(ids)];
    // The answer is made when the call comes in, and takes its time to arrive.
    const found = wanted.flatMap((id) => this.records.get(`${type}:${id}`) ?? []);
    for (let from = 0; from < wanted.length; from += idsPerCall[this.system]) {
      this.calls.push(`${type}: ${Math.min(idsPerCall[this.system], wanted.length - from)}`);
      await this.gate;
      if (this.failure) throw this.failure;
    }
    return new Map(found.map((record) => [record.id, record]));
  }

  async status(): Promise<ConnectorStatus> {
    return this.state;
  }

  readFeed(): Promise<FeedPage> {
    return unused();
  }
  feedEpoch(): Promise<string> {
    return unused();
  }
  list(): Promise<ListPage> {
    return unused();
  }
  find(): Promise<readonly SystemRecord[]> {
    return unused();
  }
  create(): Promise<{ readonly id: string; readonly record: SystemRecord | null }> {
    return unused();
  }
  update(): Promise<SystemRecord | null> {
    return unused();
  }
  remove(): Promise<void> {
    return unused();
  }
  probe(): Promise<void> {
    return unused();
  }
}

const unused = (): never => {
  throw new Error("A query only reads records by their ids.");
};
