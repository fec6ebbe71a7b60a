import { InvalidInputError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import type { RecordRef } from "../../domain/record.js";
import type { ExactType } from "../../domain/words.js";
import type { Change, FeedInfo, FeedPage, UnreadableRow } from "../connector.js";
import { readRows } from "../unreadable.js";
import type { WallClock } from "./dates.js";
import { decodeRow, instantOf, int64Of, readableId } from "./mapping.js";
import { int64Literal, isGuid, pathWith, type Row, type RowsPage } from "./odata.js";
import { places } from "./places.js";
import { selectOf } from "./properties.js";

/** A feed for each type, and one for what was deleted of any. */
export const feedsFor = (types: readonly ExactType[]): readonly (FeedInfo & { readonly name: FeedName })[] => [
  ...types.map((type) => ({ name: type, types: [type] })),
  { name: "Deleted", types, keptMs: limits.exact.deletedKeptMs },
];
export type FeedName = ExactType | "Deleted";

/**
 * Where a reader of a feed stands. A position at rest is the highest Timestamp seen, as a decimal string. Exact does not promise
 * an order, so the highest of one page may lie above rows of the next: until the last page is read, a position carries the next
 * page's address and the highest Timestamp so far, and only the last page gives that as the place to go on from.
 */
export type Position = { readonly kind: "rest"; readonly after: bigint } | { readonly kind: "underWay"; readonly highest: bigint; readonly next: string };

export function parsePosition(text: string | null): Position {
  if (text === null) return { kind: "rest", after: 1n };
  if (/^\d{1,19}$/.test(text)) return { kind: "rest", after: BigInt(text) };
  const found = /^(\d{1,19}):(\/api\/.*)$/.exec(text);
  const [, highest, next] = found ?? [];
  if (highest === undefined || next === undefined) throw new InvalidInputError("This is not a position of a feed of Exact Online.");
  return { kind: "underWay", highest: BigInt(highest), next };
}

const formatPosition = (position: Position): string => (position.kind === "rest" ? String(position.after) : `${position.highest}:${position.next}`);

export const endpointOf = (feed: FeedName): string => (feed === "Deleted" ? "sync/Deleted" : places[feed].sync);

/** Only Timestamp may be filtered; a first reading begins at 1. */
export function feedPath(feed: FeedName, division: number, position: Position): string {
  if (position.kind === "underWay") return position.next;
  const select = feed === "Deleted" ? "Timestamp,ID,EntityType,EntityKey,DeletedDate" : selectOf(feed, ["Timestamp"]);
  return pathWith(`/api/v1/${division}/${endpointOf(feed)}`, { $select: select, $filter: `Timestamp gt ${int64Literal(position.after)}` });
}

/** Which Timestamp each record of a sequence of pages had at most: a row that changes while the pages are read may come twice. */
export type Seen = Map<string, bigint>;

/** A page's changes, oldest first, each record at its highest Timestamp; `seen` knows those of the sequence's earlier pages. */
export function changesOf(
  { name: feed, types }: FeedInfo & { readonly name: FeedName },
  page: RowsPage,
  from: Position,
  seen: Seen,
  clock: WallClock,
): FeedPage {
  const stamped = page.rows.map((row) => ({ row, at: int64Of(row.Timestamp, endpointOf(feed)) })).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const highest = stamped.reduce((top, { at }) => (at > top ? at : top), from.kind === "rest" ? from.after : from.highest);
  const changes: Change[] = [];
  let passedOver: readonly UnreadableRow[] | undefined;
  if (feed === "Deleted") {
    for (const { row, at } of stamped) {
      const ref = deletedRef(row);
      if (ref && types.includes(ref.type)) changes.push({ kind: "delete", ref, at: instantOf(row.DeletedDate, clock), position: String(at) });
    }
  } else {
    const { read: records, unreadable } = readRows(
      stamped,
      ({ row, at }) => ({ record: decodeRow(feed, row, clock), at }),
      ({ row }) => ({ type: feed, id: readableId(row) }),
    );
    passedOver = unreadable;
    for (const { record, at } of records) if (at > (seen.get(record.id) ?? -1n)) seen.set(record.id, at);
    for (const { record, at } of records) if (seen.get(record.id) === at) changes.push({ kind: "upsert", record, position: String(at) });
  }
  const to: Position = page.next === null ? { kind: "rest", after: highest } : { kind: "underWay", highest, next: page.next };
  const isUnmoved = from.kind === "rest" && to.kind === "rest" && to.after === from.after;
  return {
    changes,
    position: formatPosition(to),
    more: page.next !== null,
    ...(passedOver ? { unreadable: passedOver } : {}),
    ...(isUnmoved ? { isUnmoved } : {}),
  };
}

/** It lists many other kinds too. */
const typesByNumber: ReadonlyMap<number, ExactType> = new Map(Object.entries(places).map(([type, { deletedAs }]) => [deletedAs, type as ExactType]));

function deletedRef(row: Row): RecordRef | null {
  const type = typesByNumber.get(Number(row.EntityType));
  if (!type || typeof row.EntityKey !== "string" || !isGuid(row.EntityKey)) return null;
  return { system: "EXACT", type, id: row.EntityKey.toLowerCase() };
}
