import { randomBytes } from "node:crypto";
import { dataflows, exactTypesOf } from "../../domain/dataflow.js";
import { InvalidInputError, NotAuthorizedError, NotFoundError, UnexpectedAnswerError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import type { Properties, SystemRecord } from "../../domain/record.js";
import { type Clock, type ExactType, type IsoTime, isoTime, type RecordType } from "../../domain/words.js";
import type { DocumentStore, LeaseStore, SecretStore } from "../../store/store.js";
import type { Budget } from "../budget.js";
import type { CallOptions, Condition, Connector, ConnectorStatus, FeedPage, ListPage } from "../connector.js";
import type { HttpClient } from "../http.js";
import { readRows } from "../unreadable.js";
import { ExactAuth } from "./auth.js";
import { type ExactCall, ExactClient, whatOf } from "./client.js";
import { beginConsent, type ConsentParts, completeConsent } from "./consent.js";
import { parseWireDate, WallClock } from "./dates.js";
import { unreadable } from "./errors.js";
import { changesOf, endpointOf, type FeedName, feedPath, feedsFor, parsePosition, type Seen } from "./feeds.js";
import { decodeRow, encode, idOf, readableId } from "./mapping.js";
import { chunksOfIds, filterOfIds, isGuid, parseEntity, parseRows, pathWith, type Row, type RowsPage } from "./odata.js";
import { isExactType, places } from "./places.js";
import { recordProperties, selectOf } from "./properties.js";
import { searchOf } from "./search.js";
import { type EnsuredSubscription, ensureSubscriptions, listSubscriptions, type Subscription } from "./subscriptions.js";
import type { TokenClient } from "./token-endpoint.js";

export interface ExactConnectorOptions {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** null: the one found at consent. */
  readonly division: number | null;
  /** What is read and written; as shipped where nothing is said. */
  readonly types?: readonly ExactType[];
  readonly secrets: SecretStore;
  readonly leases: LeaseStore;
  readonly documents: DocumentStore;
  readonly budget: Budget;
  readonly http: Pick<HttpClient, "request" | "status">;
  readonly clock: Clock;
  /** The clock on the wall of Exact's servers. Seen for the Dutch and the French host; not established for others. */
  readonly zone?: string;
  readonly newState?: () => string;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** What `current/Me` tells of the user who consented. */
export interface ExactUser {
  /** The one that the user is in at the moment. */
  readonly division: number;
  /** The one that the gateway works in: the configured one, else the one found at the first consent. */
  readonly inUse: number;
  readonly userName: string | null;
  /** False: Exact's clock is not that of the configured zone, so that times would be read wrong. null: it did not say. */
  readonly zoneAgrees: boolean | null;
  /** How far Exact's clock is ahead of ours, to the second; null: it did not say. */
  readonly skewMs: number | null;
}

export const createExactConnector = (options: ExactConnectorOptions): ExactConnector => new ExactConnector(options);

/** Exact Online, one division. Reads in batches, as its calls are few; never by key, as a missing record counts as an error. */
export class ExactConnector implements Connector {
  readonly system = "EXACT";
  readonly feeds: ReturnType<typeof feedsFor>;
  readonly #options: ExactConnectorOptions;
  /** What is read and written here. */
  readonly types: readonly ExactType[];
  readonly #auth: ExactAuth;
  readonly #client: ExactClient;
  readonly #consent: ConsentParts;
  readonly #wallClock: WallClock;
  /** The sequence of pages that a feed's reader is in: its next position, and what its pages had. Lost at a restart without harm. */
  readonly #sequences = new Map<FeedName, { readonly position: string; readonly seen: Seen }>();

  constructor(options: ExactConnectorOptions) {
    const { http, budget, clock, secrets, leases, documents, baseUrl } = options;
    const client: TokenClient = { clientId: options.clientId, clientSecret: options.clientSecret, redirectUri: options.redirectUri };
    this.#options = options;
    this.types = options.types ?? shippedTypes;
    this.feeds = feedsFor(this.types);
    this.#wallClock = new WallClock(options.zone ?? "Europe/Amsterdam");
    this.#auth = new ExactAuth({ client, secrets, leases, http, budget, clock, ...(options.sleep ? { sleep: options.sleep } : {}) });
    this.#client = new ExactClient({ http, budget, auth: this.#auth, clock });
    const newState = options.newState ?? (() => randomBytes(24).toString("base64url"));
    this.#consent = { http, budget, client, clock, baseUrl, documents, auth: this.#auth, newState };
  }

  // ------------------------------------------------------------------------------------------------ connecting

  /** Where to send the operator's browser. */
  authorizationUrl(): Promise<string> {
    return beginConsent(this.#consent);
  }

  /** The way back from consent: `query` is the callback's raw query string. Stores the tokens, then finds the division. */
  async completeConsent(query: string, options: CallOptions): Promise<ExactUser> {
    await this.takeConsent(query, options);
    return this.findDivision(options);
  }

  /** The first half of `completeConsent`: what it throws means that there is no new connection. */
  takeConsent(query: string, options: CallOptions): Promise<void> {
    return completeConsent(this.#consent, query, options);
  }

  /** The user's current division, which is remembered if none is: the user may go to another one later. Not in the day's count. */
  async findDivision(options: CallOptions): Promise<ExactUser> {
    const select = "CurrentDivision,UserName,ServerTime,ServerUtcOffset";
    const call = { method: "GET", endpoint: "current/Me", path: pathWith("/api/v1/current/Me", { $select: select }), counted: "minute" } as const;
    const askedAt = this.#options.clock();
    const me = parseEntity((await this.#client.call(call, options)).text, "current/Me");
    const answeredAt = this.#options.clock();
    const division = Number(me.CurrentDivision);
    if (!Number.isInteger(division) || division <= 0)
      throw new UnexpectedAnswerError("EXACT", "Exact Online named no current division of the user who consented.");
    await this.#auth.setDivision(division);
    const offset = typeof me.ServerUtcOffset === "number" ? me.ServerUtcOffset * 1000 : null;
    const wall = Date.parse(`${me.ServerTime}Z`);
    return {
      division,
      inUse: this.#options.division ?? (await this.#auth.division()) ?? division,
      userName: typeof me.UserName === "string" ? me.UserName : null,
      zoneAgrees: offset === null ? null : offset === this.#wallClock.offsetAt(answeredAt),
      skewMs: offset === null || Number.isNaN(wall) ? null : skewOf(wall - offset, askedAt, answeredAt),
    };
  }

  async probe(options: CallOptions): Promise<void> {
    await this.findDivision(options);
  }

  async status(): Promise<ConnectorStatus> {
    const { http, budget, clock } = this.#options;
    const [auth, windows] = await Promise.all([this.#auth.status(), budget.windows()]);
    const { open, lastError, since } = http.status();
    const silence = lastError === null ? null : ({ code: "SYSTEM_UNAVAILABLE", message: lastError, since: since ?? isoTime(clock()) } as const);
    const denied = auth.problem && ({ code: "NOT_AUTHORIZED", ...auth.problem } as const);
    return {
      reachable: !open && lastError === null,
      authorized: auth.isAuthorized,
      problem: denied ?? silence ?? this.#client.troubles()[0] ?? null,
      budget: windows,
    };
  }

  /** Subscriptions for all types, made or made right. Exact calls `callbackUrl` while it is asked, so the receiver must be up. */
  async ensureSubscriptions(callbackUrl: string, options: CallOptions): Promise<readonly EnsuredSubscription[]> {
    return ensureSubscriptions(await this.#subscriptionParts(options), this.types, callbackUrl, options);
  }

  /** This app's subscriptions as they are. */
  async listSubscriptions(options: CallOptions): Promise<readonly Subscription[]> {
    return listSubscriptions(await this.#subscriptionParts(options), options);
  }

  // ------------------------------------------------------------------------------------------------ reading

  async getMany(type: RecordType, ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, SystemRecord>> {
    const exactType = exactTypeOf(type);
    const found = new Map<string, SystemRecord>();
    // Exact would answer 400 to what is no guid; no record has such an id.
    const wanted = ids.filter(isGuid);
    if (wanted.length === 0) return found;
    const endpoint = places[exactType].one;
    const path = `/api/v1/${await this.#division(options)}/${endpoint}`;
    const $select = selectOf(exactType);
    const rest = this.#options.baseUrl.length + pathWith(path, { $select, $filter: "-" }).length;
    for (const chunk of chunksOfIds(wanted, "ID", rest)) {
      for await (const page of this.#pages(endpoint, pathWith(path, { $select, $filter: filterOfIds(chunk, "ID") }), options)) {
        for (const record of this.#readable(exactType, page.rows).read) found.set(record.id, record);
      }
    }
    return asAsked(ids, found);
  }

  async list(type: RecordType, next: string | null, options: CallOptions): Promise<ListPage> {
    const exactType = exactTypeOf(type);
    const endpoint = places[exactType].bulk;
    const path = next ?? pathWith(`/api/v1/${await this.#division(options)}/${endpoint}`, { $select: selectOf(exactType) });
    const page = await this.#page(endpoint, path, options);
    const { read: records, ...rest } = this.#readable(exactType, page.rows);
    return { ...rest, records, next: page.next };
  }

  async find(type: RecordType, where: readonly Condition[], createdSince: IsoTime | null, options: CallOptions): Promise<readonly SystemRecord[]> {
    const exactType = exactTypeOf(type);
    const search = searchOf(exactType, await this.#division(options), where, createdSince, this.#wallClock);
    const found: SystemRecord[] = [];
    for await (const page of this.#pages(search.endpoint, search.path, options)) {
      found.push(...this.#records(exactType, page.rows.filter(search.fits)));
      if (search.isComplete || found.length >= limits.exact.pageSize) break;
    }
    return found.slice(0, limits.exact.pageSize);
  }

  async readFeed(feed: string, position: string | null, options: CallOptions): Promise<FeedPage> {
    const info = this.#feedOf(feed);
    const { name } = info;
    const from = parsePosition(position);
    const page = await this.#page(endpointOf(name), feedPath(name, await this.#division(options), from), options);
    const sequence = this.#sequences.get(name);
    const seen: Seen = from.kind === "underWay" && sequence?.position === position ? sequence.seen : new Map();
    const read = changesOf(info, page, from, seen, this.#wallClock);
    if (read.more) this.#sequences.set(name, { position: read.position, seen });
    else this.#sequences.delete(name);
    return read;
  }

  /** Moving a division to another database begins its Timestamps anew, and shows in its move date. */
  async feedEpoch(options: CallOptions): Promise<string> {
    const division = await this.#division(options);
    const path = pathWith(`/api/v1/${division}/system/Divisions`, { $select: "Code,DivisionMoveDate", $filter: `Code eq ${division}` });
    for await (const page of this.#pages("system/Divisions", path, options)) {
      const row = page.rows.find((one) => Number(one.Code) === division);
      if (row) return `${division}:${parseWireDate(row.DivisionMoveDate) ?? "-"}`;
    }
    throw new NotAuthorizedError(
      "EXACT",
      `The user who consented has no access to division ${division}. Grant it in Exact, or choose another with EXACT_DIVISION.`,
    );
  }

  // ------------------------------------------------------------------------------------------------ writing

  /** Exact knows no keys that make a repeat harmless, so `key` is not sent: after a lost answer look before creating again (R8). */
  async create(
    type: RecordType,
    properties: Properties,
    _key: string,
    options: CallOptions,
  ): Promise<{ readonly id: string; readonly record: SystemRecord | null }> {
    const exactType = exactTypeOf(type);
    const body = encode(exactType, "create", properties, this.#wallClock);
    const endpoint = places[exactType].one;
    const path = `/api/v1/${await this.#division(options)}/${endpoint}`;
    const answer = await this.#client.call({ method: "POST", endpoint, path, body, returnsRepresentation: true }, options);
    try {
      const row = parseEntity(answer.text, `POST ${endpoint}`);
      const isWhole = isRepresentation(exactType, row, body);
      return { id: idOf(row, endpoint), record: isWhole ? decodeRow(exactType, row, this.#wallClock) : null };
    } catch (cause) {
      throw unreadable({ isWrite: true }, `Exact Online took POST ${endpoint}, but its answer does not tell the new record's id.`, cause);
    }
  }

  /** Exact has no ETags, so the last write wins: read before and after. It answers with nothing. */
  async update(type: RecordType, id: string, properties: Properties, _etag: string | null, options: CallOptions): Promise<null> {
    const exactType = exactTypeOf(type);
    const body = encode(exactType, "update", properties, this.#wallClock);
    // A PUT is never without effect: it moves Modified and Timestamp.
    if (Object.keys(body).length === 0) return null;
    await this.#write({ method: "PUT", endpoint: places[exactType].one, path: await this.#keyPath(exactType, id, options), body }, options);
    return null;
  }

  async remove(type: RecordType, id: string, _etag: string | null, options: CallOptions): Promise<void> {
    const exactType = exactTypeOf(type);
    try {
      await this.#write({ method: "DELETE", endpoint: places[exactType].one, path: await this.#keyPath(exactType, id, options) }, options);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  // ------------------------------------------------------------------------------------------------ helpers

  #feedOf(name: string) {
    const feed = this.feeds.find((one) => one.name === name);
    if (!feed) throw new InvalidInputError(`Exact Online has no feed ${name}.`);
    return feed;
  }

  async #division(options: CallOptions): Promise<number> {
    return this.#options.division ?? (await this.#auth.division()) ?? (await this.findDivision(options)).division;
  }

  async #subscriptionParts(options: CallOptions) {
    return { client: this.#client, division: await this.#division(options), clientId: this.#options.clientId };
  }

  async #keyPath(type: ExactType, id: string, options: CallOptions): Promise<string> {
    if (!isGuid(id)) throw new NotFoundError("EXACT", `Exact Online has no ${type} record with the id "${id}": its ids are guids.`);
    return `/api/v1/${await this.#division(options)}/${places[type].one}(guid'${id.toLowerCase()}')`;
  }

  /** For writes that are answered with an empty 204. */
  async #write(call: ExactCall, options: CallOptions): Promise<void> {
    const { status, text } = await this.#client.call(call, options);
    const isPage = text.trimStart().startsWith("<");
    if (status !== 204 && isPage) throw unreadable({ isWrite: true }, `Exact Online answered ${whatOf(call)} with a page that is not of its API.`);
  }

  async #page(endpoint: string, path: string, options: CallOptions): Promise<RowsPage> {
    return parseRows((await this.#client.call({ method: "GET", endpoint, path }, options)).text, `GET ${endpoint}`);
  }

  /** All pages, one after the other: Exact asks for it, as pages read at the same time may double or miss records. */
  async *#pages(endpoint: string, path: string, options: CallOptions): AsyncGenerator<RowsPage> {
    for (let next: string | null = path; next !== null; ) {
      const page: RowsPage = await this.#page(endpoint, next, options);
      yield page;
      if (page.next === next) throw new UnexpectedAnswerError("EXACT", `Exact Online says that a page of GET ${endpoint} comes after itself.`);
      next = page.next;
    }
  }

  #readable(type: ExactType, rows: readonly Row[]) {
    return readRows(
      rows,
      (row) => decodeRow(type, row, this.#wallClock),
      (row) => ({ type, id: readableId(row) }),
    );
  }

  /** All of them, or none: who searches before a create must not miss the one that can't be read (R8). */
  #records(type: ExactType, rows: readonly Row[]): readonly SystemRecord[] {
    return rows.map((row) => decodeRow(type, row, this.#wallClock));
  }
}

const shippedTypes = exactTypesOf(dataflows);

function exactTypeOf(type: RecordType): ExactType {
  if (isExactType(type)) return type;
  throw new InvalidInputError(`Exact Online has no records of type ${type}.`);
}

/** Exact tells whole seconds, and its answer was under way for a while: what lies within is no difference. */
function skewOf(serverTime: number, askedAt: number, answeredAt: number): number {
  if (serverTime > answeredAt) return serverTime - answeredAt;
  return Math.min(0, serverTime + 999 - askedAt);
}

/** Under the ids that were asked for, which may be written in capitals. */
const asAsked = (ids: readonly string[], found: ReadonlyMap<string, SystemRecord>): ReadonlyMap<string, SystemRecord> =>
  new Map(
    ids.flatMap((id) => {
      const record = found.get(id.toLowerCase());
      return record ? [[id, record] as const] : [];
    }),
  );

/**
 * Whether a POST's answer is the record as stored. Without the `Prefer` header, or where Exact does not heed it, nearly all is null, even
 * what was just sent; taken for a record, that would read as if Exact had dropped it.
 */
const isRepresentation = (type: ExactType, row: Row, sent: Properties): boolean =>
  [...recordProperties[type], "Created", "Modified"].every((name) => name in row) &&
  [...Object.keys(sent), "Created", "Modified"].every((name) => row[name] !== null && row[name] !== undefined);
