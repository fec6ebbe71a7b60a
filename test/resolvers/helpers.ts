import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type GraphQLFormattedError, print } from "graphql";
import pino from "pino";
import type { Fields } from "../../src/domain/canonical.js";
import { dataflowOf, fieldsOf, recordTypeOf } from "../../src/domain/dataflow.js";
import type { Entity, HistoryEvent } from "../../src/domain/entity.js";
import type { Properties, SystemRecord } from "../../src/domain/record.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { type EntityType, isoTime, type System, systems } from "../../src/domain/words.js";
import { createServer, type Server, type ServerParts } from "../../src/server/server.js";
import { MemoryStore } from "../../src/store/memory.js";
import { writeOf } from "../../src/sync/document.js";
import { FakeConnector } from "./fake-connector.js";

const start = Date.parse("2026-03-01T12:00:00.000Z");

export interface Answer<R> {
  readonly status: number;
  readonly data: R;
  readonly errors: readonly GraphQLFormattedError[];
}

export interface Given {
  readonly id: string;
  readonly type: EntityType;
  /** Properties of the records, by system. */
  readonly customcrm?: Properties & { readonly Id: string };
  readonly exact?: Properties & { readonly ID: string };
  readonly entity?: Partial<Entity>;
  readonly history?: readonly Omit<HistoryEvent, "id">[];
  /** What a Customcrm product's number is indexed by comes from its record. */
  readonly hasSnapshots?: boolean;
}

/** A gateway over HTTP, its store, two systems in memory that count their calls, and a clock that stands still. */
export class World {
  now = start;
  readonly clock = () => this.now;
  readonly store = new MemoryStore({ clock: this.clock });
  readonly customcrm = new FakeConnector("CUSTOMCRM");
  readonly exact = new FakeConnector("EXACT");
  readonly log: Record<string, unknown>[] = [];
  #server: Server | null = null;

  async serve(parts: Partial<ServerParts> = {}): Promise<this> {
    const log = pino({ level: "debug" }, { write: (line: string) => void this.log.push(JSON.parse(line)) });
    let ids = 0;
    this.#server = await createServer({
      store: this.store,
      connectors: { CUSTOMCRM: this.customcrm, EXACT: this.exact },
      settings: defaultSettings,
      clock: this.clock,
      host: "127.0.0.1",
      port: 0,
      log,
      newId: () => `fault-${++ids}`,
      ...parts,
    });
    return this;
  }

  drain(): void {
    this.#server?.drain();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  get url(): string {
    if (!this.#server) throw new Error("The world is not served yet.");
    return this.#server.url;
  }

  async ask<R, V>(document: TypedDocumentNode<R, V>, variables?: V): Promise<Answer<R>> {
    return this.send({ query: print(document), variables }) as Promise<Answer<R>>;
  }

  async send(body: unknown): Promise<Answer<unknown>> {
    const response = await fetch(`${this.url}/graphql`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const { data, errors } = (await response.json()) as { data: unknown; errors?: GraphQLFormattedError[] };
    return { status: response.status, data, errors: errors ?? [] };
  }

  /** Stores entities, their records in both systems, and what was read of them an hour ago. Both sides agree. */
  async given(...all: readonly Given[]): Promise<void> {
    const asOf = isoTime(this.now - 3_600_000);
    const ticket = await this.store.snapshots.ticket();
    for (const one of all) {
      const flow = dataflowOf(defaultSettings.flows, one.type);
      const records = systems.flatMap((system) => recordOf(system, one) ?? []);
      for (const record of records) (record.system === "EXACT" ? this.exact : this.customcrm).set(record);
      if (one.hasSnapshots !== false) await this.store.snapshots.put(records, asOf, ticket);
      const entity = entityOf(one, records, await this.#references(one.type, records));
      const customcrm = records.find(({ system }) => system === "CUSTOMCRM") ?? null;
      const result = await this.store.entities.commit({ put: [writeOf(flow, entity, one.history ?? [], customcrm)] });
      if (!result.ok) throw new Error(`${one.id}: ${result.reason}`);
    }
  }

  /** The unified fields, references as entity ids. */
  async #references(type: EntityType, records: readonly SystemRecord[]): Promise<Fields> {
    const flow = dataflowOf(defaultSettings.flows, type);
    const merged: Record<string, string | null> = {};
    for (const record of [...records].reverse()) {
      const fields = fieldsOf(flow, record);
      for (const row of flow.rows) {
        const value = fields[row.field] ?? null;
        const owner = row.refersTo && value ? (await this.store.entities.ofRecords(row.refersTo, record.system, [value]))[0] : null;
        merged[row.field] = row.refersTo ? (owner?.id ?? merged[row.field] ?? null) : (value ?? merged[row.field] ?? null);
      }
    }
    return merged;
  }
}

export async function startWorld(parts: Partial<ServerParts> = {}): Promise<World> {
  return new World().serve(parts);
}

const modifiedAt = "2026-02-01T08:00:00.000Z";

function recordOf(system: System, { type, customcrm, exact }: Given): SystemRecord | null {
  const given: Properties | undefined = system === "EXACT" ? exact : customcrm;
  if (!given) return null;
  const { Id, ID, ...properties } = given;
  const id = String(system === "EXACT" ? ID : Id);
  const flow = dataflowOf(defaultSettings.flows, type);
  return { system, type: recordTypeOf(flow, system), id, modifiedAt, createdAt: modifiedAt, etag: system === "EXACT" ? null : '"1"', properties };
}

function entityOf({ id, type, entity }: Given, records: readonly SystemRecord[], fields: Fields): Entity {
  const flow = dataflowOf(defaultSettings.flows, type);
  const idOf = (system: System) => records.find((record) => record.system === system)?.id ?? null;
  const shadowOf = (system: System) => {
    const record = records.find((one) => one.system === system);
    return records.length === 2 && record ? fieldsOf(flow, record) : null;
  };
  return {
    id,
    type,
    revision: 0,
    records: { CUSTOMCRM: idOf("CUSTOMCRM"), EXACT: idOf("EXACT") },
    formerExactEntityId: null,
    state: records.length === 2 ? "LINKED" : "UNLINKED",
    version: 1,
    origin: records.length === 2 ? "MATCHED" : null,
    linkedAt: records.length === 2 ? modifiedAt : null,
    syncedAt: records.length === 2 ? modifiedAt : null,
    problem: null,
    candidates: [],
    conflicts: [],
    ignored: [],
    cutFrom: [],
    fields,
    modifiedAt,
    shadows: { CUSTOMCRM: shadowOf("CUSTOMCRM"), EXACT: shadowOf("EXACT") },
    intents: [],
    wanted: null,
    nextActionAt: null,
    ...entity,
  };
}

/** A guid that says what it is for. */
export const guid = (group: number, n: number): string => `${String(group).padStart(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** `count` accounts in both systems, each with `contacts` people in both, and all in agreement. */
export function firms(count: number, contacts: number): readonly Given[] {
  return Array.from({ length: count }, (_, i) => {
    const number = String(i).padStart(3, "0");
    const account: Given = {
      id: `account-${number}`,
      type: "ACCOUNT",
      customcrm: { Id: `C${number}`, Name: `Firm ${number}`, Phone: "010-1234567", ZipCode: "1012 AB", Country: "NL" },
      exact: { ID: guid(1, i), Name: `Firm ${number}`, Phone: "010-1234567", Postcode: "1012 AB", Country: "NL", Code: `${i + 1}`, Blocked: false },
    };
    const people = Array.from({ length: contacts }, (_unused, j): Given => {
      const name = { FirstName: `Person ${j}`, LastName: `of ${number}`, Email: `p${j}@firm${number}.nl` };
      return {
        id: `contact-${number}-${j}`,
        type: "CONTACT",
        customcrm: { Id: `P${number}-${j}`, ...name, CustomerId: `C${number}` },
        exact: { ID: guid(2, i * 100 + j), ...name, Account: guid(1, i), FullName: `${name.FirstName} ${name.LastName}`, IsMainContact: j === 0 },
      };
    });
    return [account, ...people];
  }).flat();
}
