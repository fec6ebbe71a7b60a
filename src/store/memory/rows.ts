import type { Entity } from "../../domain/entity.js";
import type { EntityType } from "../../domain/words.js";
import { compareBytes, linkPosition, modifiedPosition, namePosition } from "../cursors.js";
import { cleanEntry, sortableTime, wantedName, wantedTerm } from "../indexed.js";
import type { EntityQuery, EntityWrite, IndexEntry } from "../store.js";

/** An entity with what it is found by. */
export interface Row {
  readonly entity: Entity;
  readonly entry: IndexEntry;
  readonly modified: string;
}

export const rowOf = (entity: Entity, index: EntityWrite["index"]): Row => ({ entity, entry: cleanEntry(index), modified: sortableTime(entity.modifiedAt) });

type Form = "name" | "modified" | "link";

export const positionIn = (form: Form, { entity, entry, modified }: Row): string => {
  if (form === "name") return namePosition(entry.sortName, entity.id);
  return form === "modified" ? modifiedPosition(modified, entity.id) : linkPosition(entity.type, entity.id);
};

const formOf = (query: EntityQuery): Form => (query.order.startsWith("NAME") ? "name" : "modified");

function fits({ entity, entry, modified }: Row, { name, terms, states, modifiedAfter }: EntityQuery): boolean {
  if (states && !states.includes(entity.state)) return false;
  if (modifiedAfter !== undefined && modified <= sortableTime(modifiedAfter)) return false;
  if (Object.entries(terms).some(([filter, value]) => entry.terms[filter] !== wantedTerm(value))) return false;
  if (!name) return true;
  const { text, whole } = wantedName(name);
  return entry.names.some((one) => (whole ? one === text : one.startsWith(text)));
}

/** The rows of one type, by id, by term and by match key; sorted when a list first asks for it after a write. */
export class Rows {
  readonly #byId = new Map<string, Row>();
  readonly #byTerm = new Map<string, Set<string>>();
  readonly #byMatchKey = new Map<string, Set<string>>();
  readonly #sorted = new Map<Form, readonly Row[]>();

  constructor(readonly type: EntityType) {}

  set(row: Row): void {
    const { id } = row.entity;
    this.delete(id);
    this.#sorted.clear();
    this.#byId.set(id, row);
    for (const term of termsOf(row)) into(this.#byTerm, term, id);
    for (const key of row.entry.matchKeys) into(this.#byMatchKey, key, id);
  }

  delete(id: string): void {
    const row = this.#byId.get(id);
    if (!row) return;
    this.#sorted.clear();
    this.#byId.delete(id);
    for (const term of termsOf(row)) outOf(this.#byTerm, term, id);
    for (const key of row.entry.matchKeys) outOf(this.#byMatchKey, key, id);
  }

  all(): Iterable<Row> {
    return this.#byId.values();
  }

  byMatchKey(key: string): readonly Row[] {
    return this.#rows([...(this.#byMatchKey.get(wantedTerm(key)) ?? [])].sort(compareBytes));
  }

  /** Those that fit, ascending. */
  find(query: EntityQuery): readonly Row[] {
    const form = formOf(query);
    const filters = Object.entries(query.terms).map(([filter, value]) => this.#byTerm.get(`${filter}\0${wantedTerm(value)}`) ?? new Set<string>());
    const [smallest] = filters.sort((a, b) => a.size - b.size);
    if (smallest)
      return sorted(
        form,
        this.#rows([...smallest]).filter((row) => fits(row, query)),
      );
    const all = this.sorted(form);
    return query.name || query.states || query.modifiedAfter !== undefined ? all.filter((row) => fits(row, query)) : all;
  }

  sorted(form: Form): readonly Row[] {
    const known = this.#sorted.get(form) ?? sorted(form, [...this.#byId.values()]);
    this.#sorted.set(form, known);
    return known;
  }

  #rows(ids: readonly string[]): Row[] {
    return ids.flatMap((id) => this.#byId.get(id) ?? []);
  }
}

function sorted(form: Form, rows: readonly Row[]): readonly Row[] {
  return rows
    .map((row) => ({ row, position: positionIn(form, row) }))
    .sort((a, b) => compareBytes(a.position, b.position))
    .map(({ row }) => row);
}

const termsOf = ({ entry }: Row): readonly string[] => Object.entries(entry.terms).map(([filter, value]) => `${filter}\0${value}`);

function into(index: Map<string, Set<string>>, key: string, id: string): void {
  const found = index.get(key);
  if (found) found.add(id);
  else index.set(key, new Set([id]));
}

function outOf(index: Map<string, Set<string>>, key: string, id: string): void {
  const found = index.get(key);
  found?.delete(id);
  if (found?.size === 0) index.delete(key);
}
