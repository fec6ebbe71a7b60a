import type { HistoryEvent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { modifiedPosition, namePosition } from "../cursors.js";
import { cleanEntry, type RecordRefs, sortableTime } from "../indexed.js";
import type { Keys } from "../keys.js";
import type { Commit, DocumentWrite, EntityWrite } from "../store.js";

/** A commit as the script reads it: see scripts/commit.lua. */
export function commitArgs(keys: Keys, refs: RecordRefs, commit: Commit, now: number): readonly string[] {
  return [
    String(limits.history.maxEvents),
    String(now - limits.history.keptMs),
    String(limits.history.keptMs),
    ...list(commit.reclaim ?? [], (id) => [id]),
    ...list(commit.put, (write) => putArgs(keys, refs, write)),
    ...list(commit.remove ?? [], ({ id, revision, into }) => [id, String(revision), into ?? ""]),
    ...list(commit.clearDirty ?? [], (mark) => [mark.entityId, String(mark.generation)]),
    ...list(commit.markDirty ?? [], (id) => [id]),
    ...list(commit.documents ?? [], (write) => documentArgs(keys, write, now)),
  ];
}

const documentArgs = (keys: Keys, { kind, key, value, version, ttlMs, order }: DocumentWrite, now: number): readonly string[] => [
  keys.document(kind, key),
  keys.documents(kind),
  keys.documentExpiry(kind),
  key,
  version === null ? "" : String(version),
  JSON.stringify(value),
  ttlMs === undefined ? "" : ttlMs === null ? "-" : String(ttlMs),
  order === undefined ? "" : String(order),
  String(now),
  keys.document(kind, ""),
];

function putArgs(keys: Keys, records: RecordRefs, write: EntityWrite): readonly string[] {
  const { entity } = write;
  const { id, type, state } = entity;
  const entry = cleanEntry(write.index);
  const modified = sortableTime(entity.modifiedAt);
  const byName = namePosition(entry.sortName, id);
  const byModified = modifiedPosition(modified, id);
  const indexed: (readonly [string, string])[] = [
    [keys.byId(type), id],
    [keys.byId(type, state), id],
    [keys.byName(type), byName],
    [keys.byName(type, state), byName],
    [keys.byModified(type), byModified],
    [keys.byModified(type, state), byModified],
    ...entry.names.map((name) => [keys.names(type), namePosition(name, id)] as const),
    ...Object.entries(entry.terms).map(([filter, value]) => [keys.term(type, filter, value), byName] as const),
    ...entry.matchKeys.map((key) => [keys.match(type, key), id] as const),
  ];
  if (entity.nextActionAt !== null) indexed.push([keys.due, modifiedPosition(sortableTime(entity.nextActionAt), id)]);
  const refs = records.refsOf(entity).flatMap((ref) => [keys.record(ref), keys.snapshot(ref), keys.written(ref)]);
  return [
    id,
    String(entity.revision),
    JSON.stringify({ ...entity, revision: entity.revision + 1 }),
    entry.sortName,
    modified,
    entry.names.map((name) => `\0${name}\0`).join(""),
    ...list(refs, (key) => [key]),
    ...flatList(indexed),
    ...list(write.history, (event) => [eventText(event)]),
  ];
}

/** The length counts texts: an index entry is two of them. */
const flatList = (pairs: readonly (readonly [string, string])[]): readonly string[] => list(pairs.flat(), (text) => [text]);

const list = <T>(items: readonly T[], one: (item: T) => readonly string[]): readonly string[] => [String(items.length), ...items.flatMap(one)];

/** The time stands before the JSON, so that the script knows an event's age without reading it. */
const eventText = (event: Omit<HistoryEvent, "id">): string => `${Date.parse(sortableTime(event.at))} ${JSON.stringify(event)}`;

export function eventOf(id: string, text: string): HistoryEvent {
  const event = JSON.parse(text.slice(text.indexOf(" ") + 1)) as Omit<HistoryEvent, "id">;
  return { ...event, id };
}
