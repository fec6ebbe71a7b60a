import { createHash } from "node:crypto";
import { InvalidInputError, ModifiedElsewhereError, NotFoundError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import type { Properties, SystemRecord } from "../../domain/record.js";
import type { Clock, CustomcrmType, IsoTime, RecordType } from "../../domain/words.js";
import type { DocumentStore } from "../../store/store.js";
import { type Budget, unlimitedBudget } from "../budget.js";
import type { CallOptions, Condition, Connector, ConnectorStatus, FeedInfo, FeedPage, ListPage } from "../connector.js";
import { HttpClient } from "../http.js";
import { type ApiCall, CustomcrmApi } from "./api.js";
import { type ClientCredentials, ClientCredentialsToken, fixedToken } from "./auth.js";
import { allCapabilities, type Capabilities } from "./capabilities.js";
import { unexpected } from "./errors.js";
import { ChangesFeed, type Feed, ModifiedSinceFeed } from "./feed.js";
import { chunksOf, filterOf, mapLimited, matches } from "./lists.js";
import { type SeenCapabilities, seenCapabilities } from "./seen-capabilities.js";
import { CustomcrmSubscriptions } from "./subscriptions.js";
import { bodyOf, collections, customcrmTypeOf, isCustomcrmId, type OwnProperties, pageSchema, type RowSchemas, recordOf, rowSchemasOf } from "./wire.js";

export interface CustomcrmOptions {
  /** Where the collections are: `https://crm.example/api/v1`. */
  readonly baseUrl: string;
  /** A static token, or client credentials: one of both. */
  readonly token?: string;
  readonly oauth?: ClientCredentials;
  readonly capabilities?: Partial<Capabilities>;
  /** Properties that this Customcrm does not have, such as `Customer.VatNumber`: they read as null and are never written. */
  readonly omits?: readonly string[];
  /** Properties that it has beside those of the contract, as `dataflow.yml` names them. */
  readonly own?: OwnProperties;
  readonly http?: HttpClient;
  readonly clock?: Clock;
  readonly budget?: Budget;
  /** Where webhook subscriptions are remembered; without it they are not made. */
  readonly documents?: DocumentStore;
}

export function createCustomcrmConnector(options: CustomcrmOptions): CustomcrmConnector {
  const clock = options.clock ?? Date.now;
  const http = options.http ?? new HttpClient({ system: "CUSTOMCRM", baseUrl: options.baseUrl, clock });
  const tokenHttp = options.oauth ? new HttpClient({ system: "CUSTOMCRM", baseUrl: options.oauth.tokenUrl, clock }) : null;
  if ((options.token === undefined) === (options.oauth === undefined)) {
    throw new InvalidInputError("Customcrm needs either a token or client credentials.");
  }
  const tokens = options.oauth && tokenHttp ? new ClientCredentialsToken(options.oauth, tokenHttp, clock) : fixedToken(options.token ?? "");
  const api = new CustomcrmApi({ http, tokens, budget: options.budget ?? unlimitedBudget("CUSTOMCRM"), clock });
  const capabilities = { ...allCapabilities, ...options.capabilities };
  return new CustomcrmConnector({
    api,
    capabilities,
    omits: new Set(options.omits),
    rows: rowSchemasOf(options.own ?? {}),
    clock,
    subscriptions: options.documents && capabilities.webhooks ? new CustomcrmSubscriptions(api, options.documents) : null,
    stop: async () => {
      await Promise.all([http.stop(), tokenHttp?.stop()]);
    },
  });
}

interface Parts {
  readonly api: CustomcrmApi;
  readonly capabilities: Capabilities;
  readonly omits: ReadonlySet<string>;
  readonly rows: RowSchemas;
  readonly clock: Clock;
  readonly subscriptions: CustomcrmSubscriptions | null;
  readonly stop: () => Promise<void>;
}

/** A Customcrm by contracts/customcrm.openapi.yaml, with whatever capabilities it has. */
export class CustomcrmConnector implements Connector {
  readonly system = "CUSTOMCRM";
  readonly feeds: readonly FeedInfo[];
  /** null: this Customcrm has no webhooks, or there is nowhere to remember them. */
  readonly subscriptions: CustomcrmSubscriptions | null;
  readonly #api: CustomcrmApi;
  readonly #can: Capabilities;
  readonly #omits: ReadonlySet<string>;
  readonly #rows: RowSchemas;
  readonly #feed: Feed;
  readonly #stop: () => Promise<void>;

  constructor(parts: Parts) {
    this.#api = parts.api;
    this.#can = parts.capabilities;
    this.#omits = parts.omits;
    this.#rows = parts.rows;
    this.#stop = parts.stop;
    this.subscriptions = parts.subscriptions;
    const record = (type: CustomcrmType, row: unknown) => this.#record(type, row);
    this.#feed = this.#can.changes ? new ChangesFeed(parts.api, record) : new ModifiedSinceFeed(parts.api, parts.clock, record);
    this.feeds = this.#feed.feeds;
  }

  async getMany(recordType: RecordType, ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, SystemRecord>> {
    const type = customcrmTypeOf(recordType);
    // What can't be an id has no record; sent in a list it could be taken for two.
    const asked = [...new Set(ids)].filter(isCustomcrmId);
    const found = this.#can.ids
      ? await mapLimited(chunksOf(asked, limits.customcrm.idsPerCall, maxIdsLength), 4, (chunk) => this.#byIds(type, chunk, options))
      : await mapLimited(asked, 8, (id) => this.#byId(type, id, options));
    return new Map(found.flat().map((record) => [record.id, record]));
  }

  async readFeed(feed: string, position: string | null, options: CallOptions): Promise<FeedPage> {
    if (!this.feeds.some((one) => one.name === feed)) throw new InvalidInputError(`Customcrm has no feed ${feed}.`);
    return this.#feed.read(feed, position, options);
  }

  /** Positions of a Customcrm never lose their meaning; one whose age has passed says so itself. */
  async feedEpoch(_options: CallOptions): Promise<string> {
    return this.#can.changes ? "changes" : "modifiedSince";
  }

  async list(recordType: RecordType, next: string | null, options: CallOptions): Promise<ListPage> {
    const type = customcrmTypeOf(recordType);
    return this.#page(type, { limit: limits.customcrm.pageSize, cursor: next }, options);
  }

  async find(recordType: RecordType, where: readonly Condition[], createdSince: IsoTime | null, options: CallOptions): Promise<readonly SystemRecord[]> {
    const type = customcrmTypeOf(recordType);
    if (where.some((condition) => condition.equals.trim() === "")) return [];
    // A record was modified no earlier than it was created, so this filter loses none.
    const filter = { ...filterOf(type, where), modifiedSince: createdSince };
    const found: SystemRecord[] = [];
    let cursor: string | null = null;
    do {
      const page: ListPage = await this.#page(type, { ...filter, limit: limits.customcrm.pageSize, cursor }, options);
      // Who searches before a create must not miss the one that can't be read (R8).
      const [passedOver] = page.unreadable ?? [];
      if (passedOver) throw unexpected(passedOver.message, false);
      found.push(...page.records.filter((record) => matches(type, record, where, createdSince)));
      cursor = page.next;
    } while (cursor !== null && found.length < limits.customcrm.pageSize);
    return found.slice(0, limits.customcrm.pageSize);
  }

  async create(recordType: RecordType, properties: Properties, key: string, options: CallOptions) {
    const type = customcrmTypeOf(recordType);
    const call: ApiCall = {
      method: "POST",
      path: `/${collections[type]}`,
      route: "/{collection}",
      body: bodyOf(this.#rows, type, properties, this.#omits, "omit"),
      ...(this.#can.idempotencyKey ? { headers: { "idempotency-key": keyOf(key) } } : {}),
    };
    const answer = await this.#api.call(call, options, [200, 201]);
    const record = this.#api.checked(call, () => this.#recordIn(type, answer));
    if (record) return { id: record.id, record };
    const id = answer.headers.location?.split("/").at(-1) ?? "";
    if (!isCustomcrmId(id)) throw unexpected("Customcrm made a record and did not say which.", true);
    return { id, record: null };
  }

  async update(recordType: RecordType, id: string, properties: Properties, etag: string | null, options: CallOptions): Promise<SystemRecord | null> {
    const type = customcrmTypeOf(recordType);
    const body = bodyOf(this.#rows, type, properties, this.#omits, "keep");
    // A merge patch of nothing is refused by the contract, and there is nothing to write.
    if (Object.keys(body).length === 0) return (await this.getMany(type, [id], options)).get(id) ?? this.#gone(type, id);
    const guard = await this.#guard(type, id, etag, options);
    const call: ApiCall = { method: "PATCH", path: pathOf(type, id), route: "/{collection}/{id}", body, headers: guard };
    const answer = await this.#api.call(call, options, [200, 204]);
    return this.#api.checked(call, () => this.#recordIn(type, answer));
  }

  async remove(recordType: RecordType, id: string, etag: string | null, options: CallOptions): Promise<void> {
    const type = customcrmTypeOf(recordType);
    try {
      const guard = await this.#guard(type, id, etag, options);
      await this.#api.call({ method: "DELETE", path: pathOf(type, id), route: "/{collection}/{id}", headers: guard }, options, [204]);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async probe(options: CallOptions): Promise<void> {
    await this.#page("Customer", { limit: 1 }, options);
  }

  status(): Promise<ConnectorStatus> {
    return this.#api.status();
  }

  /** What this Customcrm really has, whatever was configured. Writes nothing. */
  seenCapabilities(options: CallOptions): Promise<SeenCapabilities> {
    return seenCapabilities(this.#api, options);
  }

  /** Waits for what is under way; calls after that fail at once. */
  stop(): Promise<void> {
    return this.#stop();
  }

  async #byIds(type: CustomcrmType, ids: readonly string[], options: CallOptions): Promise<readonly SystemRecord[]> {
    const page = await this.#page(type, { ids: ids.join(","), limit: limits.customcrm.idsPerCall }, options);
    // A list that ignored `ids`, or broke off, would make records look gone.
    if (page.next !== null || page.records.some((record) => !ids.includes(record.id))) {
      throw unexpected("Customcrm's answer to ids= is not a list of just these records. Does it have the capability `ids`?", false);
    }
    return page.records;
  }

  async #byId(type: CustomcrmType, id: string, options: CallOptions): Promise<readonly SystemRecord[]> {
    const call: ApiCall = { method: "GET", path: pathOf(type, id), route: "/{collection}/{id}" };
    try {
      const answer = await this.#api.call(call, options, [200]);
      const record = this.#api.checked(call, () => this.#recordIn(type, answer));
      if (record?.id !== id) throw unexpected(`Customcrm's answer for ${type} ${id} is ${record ? `the record ${record.id}` : "empty"}.`, false);
      return [record];
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
  }

  async #page(type: CustomcrmType, query: NonNullable<ApiCall["query"]>, options: CallOptions): Promise<ListPage> {
    const call: ApiCall = { method: "GET", path: `/${collections[type]}`, query, route: "/{collection}" };
    const data = await this.#api.read(pageSchema, call, options);
    const next = data.nextCursor || null;
    if (next !== null && next === query.cursor) throw unexpected(`Customcrm's list of ${type} ends where it began.`, false);
    const { read: records, ...rest } = this.#api.rows(
      call,
      data.items,
      (row) => this.#record(type, row),
      () => type,
    );
    return { ...rest, records, next };
  }

  /**
   * What keeps a write from landing on an edit made meanwhile. Without `ifMatch`: a read just before it. An edit between that read
   * and the write is overwritten unseen; the next read of the feed shows it nowhere (SYNC.md names this race).
   */
  async #guard(type: CustomcrmType, id: string, etag: string | null, options: CallOptions): Promise<Readonly<Record<string, string>>> {
    if (etag === null) return {};
    if (this.#can.ifMatch) return { "if-match": etag };
    const [now] = await this.#byId(type, id, options);
    if (!now) return this.#gone(type, id);
    if (now.etag !== etag) throw new ModifiedElsewhereError(this.system, `Customcrm's ${type} ${id} was changed at ${now.modifiedAt ?? "an unknown time"}.`);
    return {};
  }

  #gone(type: CustomcrmType, id: string): never {
    throw new NotFoundError(this.system, `Customcrm has no ${type} ${id}.`);
  }

  #recordIn(type: CustomcrmType, answer: { readonly text: string; readonly headers: Readonly<Record<string, string>> }): SystemRecord | null {
    if (answer.text.trim() === "") return null;
    try {
      return this.#record(type, JSON.parse(answer.text), answer.headers.etag);
    } catch (error) {
      throw error instanceof SyntaxError ? unexpected(`Customcrm's ${type} is not JSON.`, false, error) : error;
    }
  }

  /** Without `ifMatch` the time of modification stands for the ETag: it moves on every accepted change and only then. */
  #record(type: CustomcrmType, row: unknown, header?: string): SystemRecord {
    const record = recordOf(this.#rows, type, row, this.#can.ifMatch ? header : undefined);
    return this.#can.ifMatch ? record : { ...record, etag: record.modifiedAt };
  }
}

/** Ids in one address, so that no server on the way finds it too long. */
const maxIdsLength = 5_000;

const pathOf = (type: CustomcrmType, id: string): string => `/${collections[type]}/${encodeURIComponent(id)}`;

/** The contract takes keys of 8 to 128 characters. */
const keyOf = (key: string): string => (/^[\x21-\x7e]{8,128}$/.test(key) ? key : createHash("sha256").update(key).digest("hex"));
