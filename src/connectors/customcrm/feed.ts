import { createHash } from "node:crypto";
import { z } from "zod";
import { InvalidInputError, NotFoundError, PositionExpiredError, RefusedError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import type { SystemRecord } from "../../domain/record.js";
import { type Clock, type CustomcrmType, isoTime } from "../../domain/words.js";
import type { CallOptions, Change, FeedInfo, FeedPage } from "../connector.js";
import type { ApiCall, CustomcrmApi } from "./api.js";
import { problemIn, unexpected } from "./errors.js";
import { changeSchema, changesSchema, collections, pageSchema, parsed, readableId } from "./wire.js";

const allTypes: readonly CustomcrmType[] = ["Customer", "Contact", "Product"];
const since = (at: string): string => `since:${at}`;

/** Customcrm's ways to say what changed. */
export interface Feed {
  readonly feeds: readonly FeedInfo[];
  read(feed: string, position: string | null, options: CallOptions): Promise<FeedPage>;
}

type ReadRecord = (type: CustomcrmType, row: unknown) => SystemRecord;

/** The feed of a Customcrm that has one: all types in one order, deletions included. */
export class ChangesFeed implements Feed {
  readonly feeds: readonly FeedInfo[] = [{ name: "changes", types: allTypes }];
  readonly #api: CustomcrmApi;
  readonly #record: ReadRecord;

  constructor(api: CustomcrmApi, record: ReadRecord) {
    this.#api = api;
    this.#record = record;
  }

  async read(_feed: string, position: string | null, options: CallOptions): Promise<FeedPage> {
    const call: ApiCall = {
      method: "GET",
      path: "/changes",
      query: { since: position, types: allTypes.join(","), limit: limits.customcrm.changesPageSize },
      route: "/changes",
    };
    const answer = await this.#api.callList(call, options, [200, 410]);
    if (answer.status === 410 && problemIn(answer)) {
      throw new PositionExpiredError("CUSTOMCRM", `Customcrm's changes no longer reach back to ${position ?? "the start"}.`);
    }
    const data = this.#api.parse(changesSchema, call, answer);
    // A page that claims to have a successor and does not move would be read for ever.
    if (data.more && data.position === position) throw unexpected(`Customcrm's changes after ${position} end where they began.`, false);
    const { read: changes, ...rest } = this.#api.rows(call, data.changes, (row) => this.#change(row), typeIn);
    // A last page without a row has shown nothing: whatever position it names, the reader stays where it asked (I11).
    if (data.changes.length === 0 && !data.more) return { changes, position: position ?? data.position, more: false, isUnmoved: true };
    return { changes, position: data.position, more: data.more, ...rest };
  }

  #change(row: unknown): Change {
    const change = parsed(changeSchema, row, `A change of ${readableId(row) ?? "a record without an Id"}`);
    if (change.Action === "Delete") {
      return { kind: "delete", ref: { system: "CUSTOMCRM", type: change.Type, id: change.Id }, at: null, position: change.Position };
    }
    const record = this.#record(change.Type, change.Record);
    if (record.id !== change.Id) throw unexpected(`Customcrm's change of ${change.Type} ${change.Id} carries the record ${record.id}.`, false);
    return { kind: "upsert", record, position: change.Position };
  }
}

const typeIn = (row: unknown): CustomcrmType => changeSchema.pick({ Type: true }).safeParse(row).data?.Type ?? "Customer";

/**
 * Where a reader by `modifiedSince` stands. `since` is inclusive, as several records may share a time; `seen` are those of that
 * time that were handled, with a digest, so that a second change in the same millisecond is not taken for them. `cursor` goes on
 * within a list that was begun at `from`; should it have expired, `since` does as well.
 */
const positionSchema = z.object({
  since: z.string(),
  seen: z.record(z.string(), z.string()).default({}),
  cursor: z.string().optional(),
  from: z.string().optional(),
});
type Position = z.infer<typeof positionSchema>;

/** Without `changes`: one feed a type, by modification time. Deletions do not show here; the full compare finds them. */
export class ModifiedSinceFeed implements Feed {
  readonly feeds: readonly FeedInfo[] = allTypes.map((type) => ({ name: collections[type], types: [type] }));
  readonly #api: CustomcrmApi;
  readonly #clock: Clock;
  readonly #record: ReadRecord;

  constructor(api: CustomcrmApi, clock: Clock, record: ReadRecord) {
    this.#api = api;
    this.#clock = clock;
    this.#record = record;
  }

  async read(feed: string, position: string | null, options: CallOptions): Promise<FeedPage> {
    const type = allTypes.find((one) => collections[one] === feed);
    if (!type) throw new InvalidInputError(`Customcrm has no feed ${feed}.`);
    const from = position === null ? null : positionOf(position);
    const page = await this.#page(type, from, options).catch((error: unknown) => {
      if (from?.cursor !== undefined && (error instanceof RefusedError || error instanceof NotFoundError)) {
        return this.#page(type, { since: from.since, seen: from.seen }, options);
      }
      throw error;
    });
    const fresh = page.records.filter((record) => !(record.modifiedAt === from?.since && from?.seen[record.id] === digestOf(record)));
    const changes = fresh.map(
      (record): Change => ({ kind: "upsert", record, position: record.modifiedAt === null ? page.position : since(record.modifiedAt) }),
    );
    const { unreadable, isUnmoved } = page;
    return { changes, position: page.position, more: page.more, ...(unreadable ? { unreadable } : {}), ...(isUnmoved ? { isUnmoved } : {}) };
  }

  async #page(type: CustomcrmType, from: Position | null, options: CallOptions) {
    const begun = from === null ? undefined : from.cursor === undefined ? from.since : from.from;
    const call: ApiCall = {
      method: "GET",
      path: `/${collections[type]}`,
      query: { modifiedSince: begun, limit: limits.customcrm.pageSize, cursor: from?.cursor },
      route: "/{collection}",
    };
    const data = await this.#api.read(pageSchema, call, options);
    const { read: records, ...rest } = this.#api.rows(
      call,
      data.items,
      (row) => this.#record(type, row),
      () => type,
    );
    if (data.nextCursor && data.nextCursor === from?.cursor) throw unexpected(`Customcrm's list of ${type} ends where it began.`, false);
    const position = JSON.stringify(nextOf(from, begun, records, data.nextCursor ?? null, this.#clock()));
    const isUnmoved = data.items.length === 0 && !data.nextCursor && from?.cursor === undefined;
    return { ...rest, records, position, more: Boolean(data.nextCursor), isUnmoved };
  }
}

/** Pure: where to stand after a page. A time that is over for certain is left behind whole, so that nothing is read for ever. */
function nextOf(from: Position | null, begun: string | undefined, records: readonly SystemRecord[], nextCursor: string | null, now: number): Position {
  const last = records.reduce(
    (latest, record) => (record.modifiedAt !== null && record.modifiedAt > latest ? record.modifiedAt : latest),
    from?.since ?? isoTime(0),
  );
  const seenBefore = from?.since === last ? from.seen : {};
  const seen = { ...seenBefore, ...Object.fromEntries(records.filter((record) => record.modifiedAt === last).map((record) => [record.id, digestOf(record)])) };
  if (nextCursor !== null) return { since: last, seen: {}, cursor: nextCursor, ...(begun === undefined ? {} : { from: begun }) };
  if (Date.parse(last) < now - limits.sync.clockToleranceMs)
    return records.length === 0 && from ? { since: from.since, seen: from.seen } : { since: after(last), seen: {} };
  return { since: last, seen };
}

function positionOf(text: string): Position {
  if (text.startsWith("since:")) return { since: text.slice("since:".length), seen: {} };
  try {
    return positionSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new InvalidInputError(`"${text.slice(0, 80)}" is not a position of this feed.`, { cause });
  }
}

const after = (at: string): string => isoTime(Date.parse(at) + 1);

const digestOf = (record: SystemRecord): string => createHash("sha1").update(JSON.stringify(record.properties)).digest("base64url").slice(0, 12);
