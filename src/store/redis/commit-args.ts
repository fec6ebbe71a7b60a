import type { HistoryEvent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { refKey } from "../../domain/record.js";
import { cleanEntry, type RecordRefs, sortableTime } from "../indexed.js";
import type { Keys } from "../keys.js";
import type { Commit, DocumentWrite, EntityWrite } from "../store.js";
import { packEntity } from "./packing.js";

/** The KEYS of scripts that write whole entities: see scripts/include/entity.lua. */
export const entityKeys = (keys: Keys): readonly string[] => [
  ...[keys.entity(""), keys.history(""), keys.alias(""), keys.aliases(""), keys.record(""), keys.snapshot(""), keys.written("")],
  ...[keys.byId(""), keys.byName(""), keys.byModified(""), keys.names(""), keys.term(""), keys.match("")],
  ...[keys.due, keys.dirty, keys.dirtyGenerations, keys.dirtyCount],
];

/** A commit as the script reads it: see scripts/commit.lua. */
export function commitArgs(keys: Keys, refs: RecordRefs, commit: Commit, now: number): readonly string[] {
  return [
    String(limits.history.maxEvents),
    String(now - limits.history.keptMs),
    String(limits.history.keptMs),
    ...list(commit.reclaim ?? [], (id) => [id]),
    ...list(commit.put, (write) => putArgs(refs, write)),
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

function putArgs(records: RecordRefs, { entity, index, history }: EntityWrite): readonly string[] {
  const { id, type, state, nextActionAt } = entity;
  const { sortName, names, terms, matchKeys } = cleanEntry(index);
  return [
    ...[id, String(entity.revision), packEntity({ ...entity, revision: entity.revision + 1 })],
    ...[type, state, sortName, sortableTime(entity.modifiedAt), nextActionAt === null ? "" : sortableTime(nextActionAt)],
    ...texts(names.filter((name) => name !== sortName)),
    ...texts(Object.entries(terms).flat()),
    ...texts(matchKeys),
    ...texts(records.refsOf(entity).map(refKey)),
    ...texts(history.map(eventText)),
  ];
}

const texts = (items: readonly string[]): readonly string[] => [String(items.length), ...items];

const list = <T>(items: readonly T[], one: (item: T) => readonly string[]): readonly string[] => [String(items.length), ...items.flatMap(one)];

/** The time stands before the JSON, so that the script knows an event's age without reading it. */
const eventText = (event: Omit<HistoryEvent, "id">): string => `${Date.parse(sortableTime(event.at))} ${JSON.stringify(event)}`;

export function eventOf(id: string, text: string): HistoryEvent {
  const event = JSON.parse(text.slice(text.indexOf(" ") + 1)) as Omit<HistoryEvent, "id">;
  return { ...event, id };
}
