import type { Entity, Problem } from "../domain/entity.js";
import type { Guards } from "../domain/settings.js";
import { type Clock, type EntityType, isoTime, type System } from "../domain/words.js";
import type { StateCounts, Store } from "../store/store.js";
import { titleOf } from "./decide/label.js";
import type { Plan } from "./decide/observation.js";
import { changeDataflow, type GuardedWork } from "./policy.js";

export type { GuardedWork } from "./policy.js";
export const guardedWork: readonly GuardedWork[] = ["deletions", "creates"];

/** What was done by the sync on its own in the last 24 hours, with the one that is about to be done, and what there is. */
export interface GuardCounts {
  readonly done: number;
  /** The links that there were before all of it. */
  readonly links: number;
}

/** More than so many *and* more than so large a part of what there is: a person looks at it first (R10). Pure. */
export function guardVerdict({ done, links }: GuardCounts, { count, percent }: Guards["deletions"]): "go" | "hold" {
  return done > count && done * 100 > links * percent ? "hold" : "go";
}

/** Whether a plan is what guards count: a create or a deletion that the sync makes on its own. Pure. */
function guardedWorkOf(entity: Entity, plan: Plan): GuardedWork | null {
  const isAsked = entity.wanted?.kind === "CREATE" || entity.wanted?.kind === "DELETE" || (entity.operations ?? []).some((one) => one.kind !== "UPDATE");
  if (isAsked || plan.writes.some((write) => write.undoes)) return null;
  // One that is tried again, or was carried out, was counted when it was planned first.
  const isCounted = (operation: string) => entity.intents.some((intent) => intent.operation === operation);
  const isArchiving = entity.intents.some((intent) => intent.extra && "EndDate" in intent.extra);
  switch (plan.kind) {
    case "CREATE":
      return entity.review?.answer === "CREATE_NEW" || isCounted("CREATE") ? null : "creates";
    case "DETACH":
      return entity.records.CUSTOMCRM === null || entity.records.EXACT === null || isCounted("DELETE") || isArchiving ? null : "deletions";
    case "DELETE":
      return isCounted("DELETE") ? null : "deletions";
    case "ARCHIVE":
      return isArchiving ? null : "deletions";
    default:
      return null;
  }
}

/** The counts of a dataflow, by whole hours since 1970, and what is let through uncounted; a document of kind `guard`. */
interface Kept {
  readonly hours: { readonly [W in GuardedWork]?: { readonly [hour: string]: number } };
  /** The links that there were when the count began, measured anew each day. */
  readonly links?: { readonly [W in GuardedWork]?: { readonly hour: number; readonly count: number } };
  /** What a person has seen, or the sandbox's first fill: uncounted until nothing of it waits any more. */
  readonly open: readonly GuardedWork[];
}

const hourMs = 3_600_000;
const windowHours = 24;
const nothing: Kept = { hours: {}, open: [] };

export interface GuardParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly levels: Guards;
  readonly firstContact: "review" | "live";
  readonly onFired?: (type: EntityType, message: string) => void;
}

/** Counts what the sync does on its own, and pauses a dataflow before it does too much (R10). */
export class Guard {
  /** Checks of one dataflow one after the other, so that what runs side by side is counted once each. */
  readonly #last = new Map<EntityType, Promise<unknown>>();

  constructor(private readonly parts: GuardParts) {}

  /** Asked before a plan is carried out. `hold`: the dataflow is paused now; plan it anew. */
  async check(entity: Entity, plan: Plan): Promise<"go" | "hold"> {
    const work = guardedWorkOf(entity, plan);
    if (work === null) return "go";
    const before = this.#last.get(entity.type) ?? Promise.resolve();
    const mine = before.then(() => this.#count(entity.type, work));
    this.#last.set(
      entity.type,
      mine.catch(() => {}),
    );
    return mine;
  }

  /** A complete list of a side with links came back empty: more likely broken than emptied. */
  async emptySide(types: readonly EntityType[], system: System, links: number): Promise<void> {
    const message = `${titleOf(system)} shows no record where ${links} links were. Nothing was deleted. Look there first, then resume the dataflow.`;
    for (const type of types) await this.#pause(type, ["deletions"], message);
  }

  /** Called when nothing is marked any more: what was let through has gone through, once nothing waits to be written either. */
  async quiet(): Promise<void> {
    const { store } = this.parts;
    const found = await Promise.all(allTypes.map((type) => this.#read(type)));
    if (found.every(({ value }) => value.open.length === 0)) return;
    const counts = await Promise.all(allTypes.map((type) => store.entities.counts(type)));
    if (counts.some(({ PENDING }) => PENDING > 0) || (await store.feeds.countDirty()) > 0) return;
    for (const type of allTypes) await this.#change(type, (kept) => ({ ...kept, open: [] }));
  }

  async #count(type: EntityType, work: GuardedWork): Promise<"go" | "hold"> {
    const { levels, store } = this.parts;
    for (;;) {
      const { value, version } = await this.#read(type);
      if (value.open.includes(work)) return "go";
      const hour = Math.floor(this.parts.clock() / hourMs);
      const recent = recentHours(value.hours[work] ?? {}, hour);
      const done = sumOf(recent) + 1;
      const known = value.links?.[work];
      const links = known && done > 1 && known.hour > hour - windowHours ? known : { hour, count: linksIn(await store.entities.counts(type), work) };
      if (guardVerdict({ done, links: links.count }, levels[work]) === "hold") {
        await this.#pause(type, [work], messageOf(work, done, levels));
        return "hold";
      }
      const hours = { ...value.hours, [work]: { ...recent, [hour]: (recent[hour] ?? 0) + 1 } };
      const next: Kept = { ...value, hours, links: { ...value.links, [work]: links } };
      if (await store.documents.set<Kept>("guard", type, next, version, { ttlMs: null })) return "go";
    }
  }

  async #pause(type: EntityType, work: readonly GuardedWork[], message: string): Promise<void> {
    const since = isoTime(this.parts.clock());
    const paused: Problem = { code: "GUARD", message, system: null, field: null, since, attempts: 0, nextAttemptAt: null };
    await changeDataflow(this.parts.store, type, this.parts.firstContact, (state) => ({
      ...state,
      // A person's own pause stays theirs; what the guard holds is noted beside it.
      paused: state.paused && state.paused.code !== "GUARD" ? state.paused : paused,
      guarded: [...new Set([...(state.guarded ?? []), ...work])],
    }));
    this.parts.onFired?.(type, message);
  }

  /** The sandbox's first fill does not count: there, what nothing is kept of yet begins open. */
  async #read(type: EntityType): Promise<{ readonly value: Kept; readonly version: number }> {
    const found = await this.parts.store.documents.get<Kept>("guard", type);
    return found ?? { value: this.parts.firstContact === "live" ? { hours: {}, open: guardedWork } : nothing, version: 0 };
  }

  async #change(type: EntityType, change: (kept: Kept) => Kept): Promise<void> {
    for (;;) {
      const { value, version } = await this.#read(type);
      if (await this.parts.store.documents.set<Kept>("guard", type, change(value), version, { ttlMs: null })) return;
    }
  }
}

const allTypes: readonly EntityType[] = ["ACCOUNT", "CONTACT", "PRODUCT"];

/** What waits goes through uncounted, and the count begins anew: a person has decided. */
export async function letThrough(store: Store, type: EntityType, work: readonly GuardedWork[]): Promise<void> {
  for (;;) {
    const found = await store.documents.get<Kept>("guard", type);
    const before = found?.value ?? nothing;
    const hours = Object.fromEntries(Object.entries(before.hours).filter(([name]) => !work.includes(name as GuardedWork)));
    const open = [...new Set([...before.open, ...work])];
    if (await store.documents.set<Kept>("guard", type, { hours, open }, found?.version ?? 0, { ttlMs: null })) return;
  }
}

const recentHours = (hours: { readonly [hour: string]: number }, now: number): { readonly [hour: string]: number } =>
  Object.fromEntries(Object.entries(hours).filter(([hour]) => Number(hour) > now - windowHours));

const sumOf = (hours: { readonly [hour: string]: number }): number => Object.values(hours).reduce((sum, count) => sum + count, 0);

/** What is about to be deleted may be PENDING for that; what is about to be created is no link yet. */
const linksIn = ({ LINKED, CONFLICT, PENDING }: StateCounts, work: GuardedWork): number => LINKED + CONFLICT + (work === "deletions" ? PENDING : 0);

function messageOf(work: GuardedWork, done: number, levels: Guards): string {
  const { count, percent } = levels[work];
  const what = work === "deletions" ? "deletions or detachments" : "creates";
  return `${done} ${what} within 24 hours: more than ${count} and more than ${percent} % of what is linked. None but the first ${done - 1} was carried out. Look at what happened, then resume the dataflow: with APPLY they go on, with DISCARD they are dropped.`;
}
