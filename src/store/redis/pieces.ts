import { ObjectPieces } from "../pieces.js";
import type { EntityPieces, Pieces, RecordPieces } from "../store.js";
import { membersOf } from "./packing.js";

/**
 * Cuts packed documents to pieces without reading what is not asked for: where a value ends is found by its first sign. Texts
 * have one character for each byte.
 */

const [quote, backslash, comma, openList, closeList, openObject, closeObject] = [...'"\\,[]{}'].map((sign) => sign.charCodeAt(0)) as [
  ...[number, number, number, number, number, number, number],
];

/** Where the value ends that begins at `from`. */
function endOfValue(text: string, from: number): number {
  const sign = text.charCodeAt(from);
  if (sign === quote) return endOfString(text, from);
  if (sign === openList || sign === openObject) return endOfNest(text, from);
  let at = from;
  for (let code = sign; code !== comma && code !== closeList && code !== closeObject && at < text.length; code = text.charCodeAt(at)) at++;
  return at;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote) return at + 1;
  }
  throw cutOff(text);
}

function endOfNest(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at) - 1;
    else if (code === openList || code === openObject) depth++;
    else if ((code === closeList || code === closeObject) && --depth === 0) return at + 1;
  }
  throw cutOff(text);
}

const cutOff = (text: string) => new Error(`A document in Redis ends in the middle of a value. It begins with ${JSON.stringify(text.slice(0, 30))}.`);

/** Where the members of objects with the same letters are: the place of a value in the list, or the value itself. */
interface Layout {
  readonly names: readonly string[];
  readonly places: ReadonlyMap<string, number | string>;
}

/** There are as many as there are ways to be empty; what is bounded is what a broken Redis could make of that. */
const maxLayouts = 10_000;
const layouts = new Map<string, Layout>();

function layoutOf(letters: string): Layout {
  const known = layouts.get(letters);
  if (known) return known;
  const bytes = Buffer.from(letters, "latin1");
  const places = new Map<string, number | string>();
  let place = 0;
  for (const [name, value] of membersOf(bytes.toString())) places.set(name, value === undefined ? place++ : JSON.stringify(value));
  if (layouts.size >= maxLayouts) layouts.clear();
  const layout = { names: [...places.keys()], places };
  // A copy: what is cut out of a text keeps all of that in memory.
  layouts.set(bytes.toString("latin1"), layout);
  return layout;
}

class PackedPieces implements EntityPieces {
  readonly #text: string;
  readonly #layout: Layout;
  /** Where values begin, as far as they were looked for. */
  readonly #starts: number[];
  readonly #nested: (Pieces | null | undefined)[] = [];

  constructor(
    text: string,
    from: number,
    readonly snapshots: EntityPieces["snapshots"],
  ) {
    const letters = endOfString(text, from + 1);
    this.#text = text;
    this.#layout = layoutOf(text.slice(from + 2, letters - 1));
    this.#starts = [letters + 1];
  }

  get names(): readonly string[] {
    return this.#layout.names;
  }

  json(name: string): string | undefined {
    const place = this.#layout.places.get(name);
    if (typeof place !== "number") return place;
    const start = this.#startOf(place);
    const next = this.#starts[place + 1];
    return this.#text.slice(start, next === undefined ? endOfValue(this.#text, start) : next - 1);
  }

  of(name: string): Pieces | null {
    const place = this.#layout.places.get(name);
    if (typeof place !== "number") return null;
    const known = this.#nested[place];
    if (known !== undefined) return known;
    const pieces = piecesAt(this.#text, this.#startOf(place));
    this.#nested[place] = pieces;
    return pieces;
  }

  #startOf(place: number): number {
    const starts = this.#starts;
    for (let last = starts.length - 1; last < place; last++) starts.push(endOfValue(this.#text, starts[last] as number) + 1);
    return starts[place] as number;
  }
}

/** Members may be packed, or not. */
class PlainPieces extends ObjectPieces {
  constructor(text: string, snapshots: EntityPieces["snapshots"]) {
    super(JSON.parse(text) as object, snapshots, JSON.stringify);
  }

  override of(name: string): Pieces | null {
    const text = this.json(name);
    return text === undefined ? null : piecesAt(text, 0);
  }
}

function piecesAt(text: string, from: number, snapshots: EntityPieces["snapshots"] = undefined): EntityPieces | null {
  const sign = text.charCodeAt(from);
  if (sign === openList) return new PackedPieces(text, from, snapshots);
  return sign === openObject ? new PlainPieces(text.slice(from, endOfNest(text, from)), snapshots) : null;
}

/** What stands behind the document is not looked at. */
export const entityPieces = (stored: Buffer, snapshots?: EntityPieces["snapshots"]): EntityPieces | undefined =>
  piecesAt(stored.toString("latin1"), 0, snapshots) ?? undefined;

/** `<ticket> <asOf> <deletedAt or -> <packed record>`; null: the record is gone. */
export function recordPieces(stored: Buffer): RecordPieces | null {
  const text = stored.toString("latin1");
  const asOf = text.indexOf(" ") + 1;
  const deletedAt = text.indexOf(" ", asOf) + 1;
  const record = text.indexOf(" ", deletedAt) + 1;
  if (text.slice(deletedAt, record) !== "- ") return null;
  const createdAt = endOfValue(text, record + 1) + 1;
  const etag = endOfValue(text, createdAt) + 1;
  const properties = piecesAt(text, endOfValue(text, etag) + 1);
  if (!properties) throw cutOff(text);
  return { asOf: text.slice(asOf, deletedAt - 1), modifiedAt: text.slice(record + 1, createdAt - 1), properties };
}
