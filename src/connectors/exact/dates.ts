import { type IsoTime, isoTime } from "../../domain/words.js";

/**
 * Exact writes the wall clock of its servers as if it were UTC: what happened at 14:21Z in summer reads `/Date(…)/` of 16:21Z.
 * A `WallClock` turns it into real time and back. "Wall" numbers are such milliseconds.
 *
 * In the autumn's repeated hour a wall time stands for two instants; it is read as the earlier one. So a time of that hour
 * may be an hour early. Nothing may be decided by it: times of change only break ties, and `earliestWall` widens a search.
 */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;
  /** Offsets by the hour: a list of a thousand rows asks for few different ones. Zones here change on the full hour. */
  readonly #offsets = new Map<number, number>();

  constructor(readonly zone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** Milliseconds since 1970 of a wall time. A wall time that spring skips is read by the winter's offset. */
  toUtc(wallMs: number): number {
    const before = this.offsetAt(wallMs - dayMs);
    const after = this.offsetAt(wallMs + dayMs);
    // The offset before a change gives the earlier instant in autumn, and the only sensible one in spring's gap.
    const early = wallMs - before;
    if (before === after || this.offsetAt(early) === before) return early;
    const late = wallMs - after;
    return this.offsetAt(late) === after ? late : early;
  }

  toWall(utcMs: number): number {
    return utcMs + this.offsetAt(utcMs);
  }

  /** The lowest wall time that anything at or after `utcMs` carries: an hour lower just before clocks are put back. */
  earliestWall(utcMs: number): number {
    const wall = this.toWall(utcMs);
    const soon = this.toWall(utcMs + hourMs) - hourMs;
    return Math.min(wall, soon);
  }

  /** How far the zone's clock is ahead of UTC, in milliseconds. */
  offsetAt(utcMs: number): number {
    const hour = Math.floor(utcMs / hourMs);
    const known = this.#offsets.get(hour);
    if (known !== undefined) return known;
    if (this.#offsets.size > 20_000) this.#offsets.clear();
    const offset = this.#compute(hour * hourMs);
    this.#offsets.set(hour, offset);
    return offset;
  }

  #compute(utcMs: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(utcMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
  }
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The wall milliseconds of `/Date(ms)/`; null for anything else. */
export function parseWireDate(value: unknown): number | null {
  if (typeof value !== "string") return null;
  const found = /^\/Date\((-?\d{1,15})\)\/$/.exec(value);
  return found ? Number(found[1]) : null;
}

/** A date-only field is midnight of the wall clock and is not shifted. */
export const dateOfWall = (wallMs: number): string => isoTime(wallMs).slice(0, 10);

/** `YYYY-MM-DDTHH:MM:SS`: how filters and bodies write a wall time, without a zone. Rounded down to the second. */
export const literalOfWall = (wallMs: number): string => isoTime(Math.floor(wallMs / 1000) * 1000).slice(0, 19);

/** A value for a DateTime property: a date as its midnight, an instant as the wall clock. null: it is neither. */
export function encodeDate(value: string, clock: WallClock): string | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) {
    const midnight = Date.parse(`${value}T00:00:00Z`);
    return !Number.isNaN(midnight) && dateOfWall(midnight) === value ? `${value}T00:00:00` : null;
  }
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(value)) return null;
  const instant: IsoTime = value;
  const utcMs = Date.parse(instant);
  return Number.isNaN(utcMs) ? null : literalOfWall(clock.toWall(utcMs));
}
