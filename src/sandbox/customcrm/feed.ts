import type { CustomcrmType } from "../../domain/words.js";
import { badRequest, Problem } from "./problem.js";
import { contract } from "./settings.js";
import type { FeedEntry, State } from "./state.js";
import type { Surroundings } from "./surroundings.js";

export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  readonly position: string;
  readonly more: boolean;
}

/**
 * The positions of `/changes`. A record stands at its newest change; while that one is not visible yet, the one before it is
 * shown. A change may become visible after one that got a later position, as commits do.
 */
export class Feed {
  /** By record, oldest first: the newest change, and before it those that stay shown until it is visible. */
  private readonly entries = new Map<string, FeedEntry[]>();
  private position: number;
  private forgotten: number;

  constructor(
    private readonly world: Surroundings,
    state: Pick<State, "feed" | "position" | "forgotten">,
  ) {
    for (const entry of state.feed) this.entriesOf(entry).push(entry);
    this.position = state.position;
    this.forgotten = state.forgotten;
  }

  add(type: CustomcrmType, id: string, action: FeedEntry["action"]): void {
    const at = this.world.now();
    this.position += 1;
    const late = Math.floor(this.world.chance() * this.world.settings().changesLateMs);
    const known = this.entriesOf({ type, id });
    const shown = known.findLast((entry) => entry.visibleAt <= at);
    known.splice(0, known.length, ...(shown ? [shown] : []), ...known.filter((entry) => entry.visibleAt > at));
    known.push({ position: this.position, type, id, action, at, visibleAt: at + late });
  }

  /** `exists` tells whether the record of an older entry is still there to be shown. */
  read(since: string | null, types: readonly CustomcrmType[], limit: number, exists: (entry: FeedEntry) => boolean): FeedPage {
    this.forgetOldDeletions();
    const from = this.parse(since);
    const now = this.world.now();
    const visible = [...this.entries.values()].flatMap((known) => known.findLast((entry) => entry.visibleAt <= now) ?? []);
    const later = visible
      .filter((entry) => entry.position > from.position && types.includes(entry.type))
      .filter((entry) => entry.action === "Delete" || exists(entry))
      .sort((a, b) => a.position - b.position);
    const entries = later.slice(0, limit);
    const more = later.length > limit;
    // With nothing left to read, changes of other types are behind the reader as well.
    const reached = more ? entries : visible;
    const position = reached.reduce((highest, entry) => Math.max(highest, entry.position), from.position);
    return { entries, position: token(position, from.startedAt), more };
  }

  state(): Pick<State, "feed" | "position" | "forgotten"> {
    return { feed: [...this.entries.values()].flat(), position: this.position, forgotten: this.forgotten };
  }

  private parse(since: string | null): { position: number; startedAt: number } {
    if (since === null) return { position: 0, startedAt: this.position };
    const [, position, startedAt] = /^(\d{12})(?:-(\d{12}))?$/.exec(since) ?? [];
    if (position === undefined)
      throw badRequest("invalid-parameter", "since is not a position of this feed.", [
        { property: "since", code: "not-a-position", message: "Use the position of a page, or of a change." },
      ]);
    const parsed = { position: Number(position), startedAt: Number(startedAt ?? position) };
    // A reader that began from the start needs no deletion from before it began, however long it takes.
    if (Math.max(parsed.position, parsed.startedAt) < this.forgotten || parsed.position > this.position)
      throw new Problem(410, "position-expired", `Deletions after ${since} are no longer kept; read everything again.`);
    return parsed;
  }

  private forgetOldDeletions(): void {
    const oldest = this.world.now() - contract.deletionsKeptMs;
    for (const [key, known] of this.entries) {
      const newest = known.at(-1);
      if (newest?.action !== "Delete" || newest.at >= oldest) continue;
      this.forgotten = Math.max(this.forgotten, newest.position);
      this.entries.delete(key);
    }
  }

  private entriesOf({ type, id }: Pick<FeedEntry, "type" | "id">): FeedEntry[] {
    const key = `${type}/${id}`;
    const known = this.entries.get(key) ?? [];
    this.entries.set(key, known);
    return known;
  }
}

/** Twelve digits, so that positions sort as text too; while a reader goes through everything, also the position at which it began. */
const token = (position: number, startedAt: number): string => (startedAt > position ? `${digits(position)}-${digits(startedAt)}` : digits(position));
const digits = (position: number): string => String(position).padStart(12, "0");
export const positionOf = (entry: FeedEntry): string => digits(entry.position);
