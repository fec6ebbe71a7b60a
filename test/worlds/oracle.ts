import { otherSystem, type System } from "../../src/domain/words.js";

/** One value that a person entered; its token is found nowhere else in the world. */
export interface Edit {
  readonly token: string;
  /** Which thing of the world it describes: the record that a person made, and whatever was made of it. */
  readonly thing: number;
  readonly system: System;
  readonly recordId: string;
  readonly property: string;
  /** The value that stood there when the person wrote: gives the order of causes without any clock. */
  readonly saw: string | null;
  readonly step: number;
  isRead: boolean;
  /** A person who saw it has changed, cleared or deleted it. */
  isSuperseded: boolean;
  /** Overwritten between our read and our write: what no client can help where the system knows no condition. */
  isBlind: boolean;
  /** It took the place of a write of ours that nobody had read back: it can't be told from what the system made of that (R5). */
  readonly replacesUnread: boolean;
}

/** A person emptied a field. */
export interface Clear {
  readonly system: System;
  readonly recordId: string;
  readonly property: string;
  readonly saw: string;
  readonly step: number;
  isRead: boolean;
  isBlind: boolean;
  isSuperseded: boolean;
}

/** A record that the engine created. */
export interface Creation {
  readonly thing: number | null;
  readonly system: System;
  readonly recordId: string;
  readonly step: number;
  readonly tokens: readonly string[];
  /** The record on the other side that it names as the one it was made from; null: it names none. */
  readonly from: string | null;
  /** The property that the system has dropped of it. */
  readonly dropped: string | null;
}

/** One record as an answer shows it. */
export interface ShownRow {
  readonly id: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const tokenPattern = /q\d+z/g;
const tokensIn = (text: string): readonly string[] => text.match(tokenPattern) ?? [];
export const tokenIn = (value: unknown): string | null => (typeof value === "string" ? (tokensIn(value)[0] ?? null) : null);

/** Knows who entered what, and who saw what. The engine knows nothing of it. */
export class Oracle {
  readonly edits = new Map<string, Edit>();
  readonly clears: Clear[] = [];
  /** Which thing a record describes, by system and id. */
  readonly things = new Map<string, number>();
  /** Records that the engine created, by thing. */
  readonly creations: Creation[] = [];
  readonly deletedByPeople = new Set<number>();
  /** Which thing a value describes that a client of the gateway gave when it made that thing. */
  readonly described = new Map<string, number>();
  /** Records, by system and id, to which a write was made whose outcome nobody could know. */
  readonly ambiguous = new Set<string>();
  /** Records whose account a person has changed. */
  readonly moved = new Set<string>();
  /** Things of which a system has refused a write, or dropped a field of one. */
  readonly troubled = new Set<number>();
  #tokens = 0;
  #things = 0;
  /** Edits that went with a record that we deleted, though we had read them and they stood nowhere else. */
  readonly takenAlong: Edit[] = [];
  readonly #travelled = new Set<string>();
  readonly #lastReads = new Map<string, number>();
  /** By record: the properties that a write of ours has changed since it was last read. */
  readonly #unread = new Map<string, Set<string>>();
  /** What people wrote with their own hands, by record and property: until the engine overwrites it. */
  readonly #cells = new Map<string, Map<string, Edit | Clear>>();

  newThing(): number {
    return ++this.#things;
  }

  token(): string {
    return `q${++this.#tokens}z`;
  }

  thingOf(system: System, recordId: string): number | null {
    return this.things.get(`${system}:${recordId}`) ?? null;
  }

  /** The thing that a value describes, whoever gave it. */
  thingOfToken(token: string | null): number | null {
    return token === null ? null : (this.edits.get(token)?.thing ?? this.described.get(token) ?? null);
  }

  entered(token: string, at: { thing: number; system: System; recordId: string; property: string; saw: string | null; step: number }): void {
    const replacesUnread = this.#unread.get(`${at.system}:${at.recordId}`)?.has(at.property) ?? false;
    const edit: Edit = { ...at, token, isRead: false, isSuperseded: false, isBlind: false, replacesUnread };
    this.edits.set(token, edit);
    this.#superseded(at.saw);
    this.#put(at, edit);
  }

  cleared(at: { system: System; recordId: string; property: string; saw: string; step: number }): void {
    const clear: Clear = { ...at, isRead: false, isBlind: false, isSuperseded: false };
    this.clears.push(clear);
    this.#superseded(at.saw);
    this.#put(at, clear);
  }

  #put(at: { system: System; recordId: string; property: string }, what: Edit | Clear): void {
    const cells = this.#cellsOf(at.system, at.recordId);
    const before = cells.get(at.property);
    if (before && !("token" in before)) before.isSuperseded = true;
    cells.set(at.property, what);
  }

  /** A person deletes a record: whoever does that has seen what is in it. */
  deleted(system: System, recordId: string, values: Readonly<Record<string, unknown>>): void {
    const thing = this.thingOf(system, recordId);
    if (thing !== null) this.deletedByPeople.add(thing);
    for (const value of Object.values(values)) this.#superseded(tokenIn(value));
  }

  /**
   * A record reached the engine's house in an answer. `isNow`: the answer showed records as they are, not as a feed shows them late.
   * Two records may hold one value, such as a VAT number that two people entered: only its own record shows an edit, or that it was emptied.
   */
  shown(host: number, system: System, row: ShownRow, step: number, isNow: boolean): void {
    for (const [property, cell] of this.#cells.get(`${system}:${row.id}`) ?? []) {
      if (cell.isRead || !(property in row.values)) continue;
      const token = tokenIn(row.values[property]);
      if ("token" in cell ? token === cell.token : token !== cell.saw) cell.isRead = true;
    }
    if (!isNow) return;
    this.#lastReads.set(`${host}:${row.id}`, step);
    this.#unread.delete(`${system}:${row.id}`);
  }

  lastRead(host: number, recordId: string): number {
    return this.#lastReads.get(`${host}:${recordId}`) ?? -1;
  }

  /**
   * A write of ours took a value's place; `known` is the last time before it was sent that its sender had read the record; null:
   * whatever was read by anybody is known. True: it was a person's, newer than that, and stands nowhere else, so that nobody can
   * ever know of it.
   */
  overwritten(system: System, recordId: string, property: string, known: number | null, stands: (token: string) => boolean): boolean {
    const key = `${system}:${recordId}`;
    this.#unread.set(key, (this.#unread.get(key) ?? new Set()).add(property));
    const cells = this.#cellsOf(system, recordId);
    const cell = cells.get(property);
    cells.delete(property);
    if (!cell || (known === null ? cell.isRead : cell.step <= known) || ("token" in cell && stands(cell.token))) return false;
    cell.isBlind = true;
    return true;
  }

  /** A write of ours has taken these values to a system. */
  travelled(system: System, text: string): void {
    for (const token of tokensIn(text)) this.#travelled.add(`${system}:${token}`);
  }

  /** What people entered in a record, and we had read by `known`, and never took to the other system; null: whatever was read. */
  untravelled(system: System, recordId: string, properties: readonly string[], known: number | null): readonly Edit[] {
    const other = otherSystem(system);
    return properties.flatMap((property) => {
      const cell = this.#cellsOf(system, recordId).get(property);
      if (!cell || !("token" in cell) || this.#travelled.has(`${other}:${cell.token}`)) return [];
      return (known === null ? cell.isRead : cell.step <= known) ? [cell] : [];
    });
  }

  /** People have replaced most of what it was created with, or filled what was dropped of it (SYNC.md, assumption A4). */
  isUnrecognisable({ system, recordId, tokens, dropped }: Creation): boolean {
    const isFilled = [...this.edits.values()].some((one) => one.system === system && one.recordId === recordId && one.property === dropped);
    return (this.#replaced(system, recordId, tokens) + Number(isFilled)) * 2 > tokens.length + Number(isFilled);
  }

  /** How many of these values people have replaced in this record. */
  #replaced(system: System, recordId: string, tokens: readonly string[]): number {
    const edits = [...this.edits.values(), ...this.clears].filter((one) => one.system === system && one.recordId === recordId);
    return tokens.filter((token) => edits.some((one) => one.saw === token)).length;
  }

  /** True if whoever entered `token` can have known of `older`, over any number of hands. */
  descends(token: string, older: string): boolean {
    for (let at = this.edits.get(token)?.saw ?? null; at !== null; at = this.edits.get(at)?.saw ?? null) if (at === older) return true;
    return false;
  }

  #cellsOf(system: System, recordId: string): Map<string, Edit | Clear> {
    const key = `${system}:${recordId}`;
    const found = this.#cells.get(key) ?? new Map<string, Edit | Clear>();
    this.#cells.set(key, found);
    return found;
  }

  /** Somebody who saw this value has put another one in its place. */
  superseded(token: string): void {
    this.#superseded(token);
  }

  #superseded(token: string | null): void {
    const edit = token === null ? undefined : this.edits.get(token);
    if (edit) edit.isSuperseded = true;
  }
}
