import type { CallOptions, Change, Connector, FeedInfo, UnreadableRow } from "../connectors/connector.js";
import { PositionExpiredError, UnexpectedAnswerError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import { type RecordRef, refKey, type SystemRecord } from "../domain/record.js";
import { isoTime, type System } from "../domain/words.js";
import type { FeedState } from "../store/store.js";
import { afterPoll, restarted } from "./cursor.js";
import { type Mint, mintUnknown } from "./mint.js";

export interface PullParts extends Mint {
  /** How late a change may show in a feed; default `limits.sync.overlapMs`. */
  readonly overlapMs?: number;
  /** Told of rows that were passed over because they can't be read (R14). */
  readonly onUnreadable?: (system: System, rows: readonly UnreadableRow[]) => void;
}

export interface Pulled {
  readonly read: number;
  readonly dirty: number;
  /** The feed no longer reaches back to where we were: only a full compare finds what was missed. */
  readonly expired: boolean;
}

/** Reads all feeds of one system up to now: stores what changed as snapshots, mints what is new, marks what must be settled. */
export async function pull(parts: PullParts, connector: Connector, epoch: string, options: CallOptions, onRead?: (records: number) => void): Promise<Pulled> {
  const total = { read: 0, dirty: 0, expired: false };
  let failure: UnexpectedAnswerError | null = null;
  for (const feed of connector.feeds) {
    try {
      const pulled = await pullFeed(parts, connector, feed, epoch, options, onRead);
      total.read += pulled.read;
      total.dirty += pulled.dirty;
      total.expired ||= pulled.expired;
    } catch (error) {
      // What can't be read in one feed holds up none of the others (R14).
      if (!(error instanceof UnexpectedAnswerError)) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return total;
}

async function pullFeed(
  parts: PullParts,
  connector: Connector,
  feed: FeedInfo,
  epoch: string,
  options: CallOptions,
  onRead?: (records: number) => void,
): Promise<Pulled> {
  const { store, clock } = parts;
  const { system } = connector;
  const startedAt = clock();
  const found = await store.feeds.get(system, feed.name);
  const moved = found.epoch !== null && found.epoch !== epoch;
  // Deletions that the feed has forgotten meanwhile can only be found by comparing everything.
  const forgotten = feed.keptMs !== undefined && found.polledAt !== null && startedAt - Date.parse(found.polledAt) > feed.keptMs;
  let state: FeedState = found.epoch === epoch ? found : restarted(found, epoch);
  let position = state.low;
  let read = 0;
  let dirty = 0;
  let isShown = false;

  for (let more = true; more; ) {
    const ticket = await store.snapshots.ticket();
    const asOf = isoTime(clock());
    const page = await readOrExpire(connector, feed.name, position, options);
    if (page === "expired") {
      // Nothing between the last cursor and now can be had from the feed: start it anew and let a full compare find the rest.
      await store.feeds.advance(system, feed.name, restarted(state, epoch), []);
      return { read, dirty, expired: true };
    }
    if (page.unreadable?.length) parts.onUnreadable?.(system, page.unreadable);
    const touched = await takeIn(parts, system, page.changes, asOf, ticket);
    read += page.changes.length;
    dirty += touched.length;
    onRead?.(page.changes.length);
    isShown ||= page.changes.length > 0 || Boolean(page.unreadable?.length);
    position = page.position;
    more = page.more;
    if (touched.length > 0) state = { ...state, lastChangeAt: asOf };
    // The marks and the cursor in one step, before any of it is handled. The cursor itself moves only when the poll is complete.
    const next = more ? state : afterPoll(state, position, startedAt, parts.overlapMs ?? limits.sync.overlapMs, page.isUnmoved && !isShown);
    if (touched.length > 0 || !more) await store.feeds.advance(system, feed.name, next, touched);
  }
  return { read, dirty, expired: moved || forgotten };
}

/** Takes records or tombstones in that were read from a feed or a list; gives the entities that must be settled. */
export async function takeIn(parts: PullParts, system: System, changes: readonly Change[], asOf: string, ticket: number): Promise<readonly string[]> {
  const { store } = parts;
  const upserts = newest(changes);
  const refs = [...upserts.map(refOf), ...changes.flatMap((change) => (change.kind === "delete" ? [change.ref] : []))];
  if (refs.length === 0) return [];
  const [stored, entityIds] = await Promise.all([store.snapshots.get(refs), store.entities.idsOfRecords(refs)]);

  const owners = new Map(refs.map((ref, i) => [refKey(ref), entityIds[i]]));
  const ownersOf = (some: readonly RecordRef[]) => some.flatMap((ref) => owners.get(refKey(ref)) ?? []);
  const changed: SystemRecord[] = [];
  const unknown: SystemRecord[] = [];
  upserts.forEach((record, i) => {
    const before = stored[i];
    if (!entityIds[i]) unknown.push(record);
    if (!before || before.deletedAt !== null || (!isOlder(record, before.record) && differs(before.record, record))) changed.push(record);
  });
  const gone: RecordRef[] = [];
  for (let i = upserts.length; i < refs.length; i++) {
    const ref = refs[i];
    // A row that is held for an open create belongs to nobody yet, and may be deleted all the same.
    if (!ref || (!entityIds[i] && !stored[i]) || stored[i]?.deletedAt) continue;
    gone.push(ref);
  }
  // What is stored makes the next reading look like no news: its entities are marked with it.
  if (changed.length > 0) await store.snapshots.put(changed, asOf, ticket, ownersOf(changed));
  if (gone.length > 0) await store.snapshots.putDeleted(gone, asOf, ticket, ownersOf(gone));
  return [...new Set([...ownersOf(changed), ...ownersOf(gone), ...(await mintUnknown(parts, system, unknown))])];
}

async function readOrExpire(connector: Connector, feed: string, position: string | null, options: CallOptions) {
  try {
    return await connector.readFeed(feed, position, options);
  } catch (error) {
    if (error instanceof PositionExpiredError) return "expired" as const;
    throw error;
  }
}

/** One record may come twice in a page when it changed while the pages were read: the later one counts. */
function newest(changes: readonly Change[]): readonly SystemRecord[] {
  const byId = new Map<string, SystemRecord>();
  for (const change of changes) if (change.kind === "upsert") byId.set(`${change.record.type}:${change.record.id}`, change.record);
  return [...byId.values()];
}

/** A feed may show a record as it was before a change that was read by id meanwhile, such as a write of ours: what is older is no news (A2). */
const isOlder = (record: SystemRecord, known: SystemRecord): boolean =>
  record.modifiedAt !== null && known.modifiedAt !== null && record.modifiedAt < known.modifiedAt;

/** Compared in bulk, so that a page read again costs no settling (R12). The time of change matters for display and NEWEST only. */
function differs(before: SystemRecord, now: SystemRecord): boolean {
  if (before.modifiedAt !== now.modifiedAt || before.etag !== now.etag) return true;
  const names = new Set([...Object.keys(before.properties), ...Object.keys(now.properties)]);
  for (const name of names) if ((before.properties[name] ?? null) !== (now.properties[name] ?? null)) return true;
  return false;
}

const refOf = (record: SystemRecord): RecordRef => ({ system: record.system, type: record.type, id: record.id });
