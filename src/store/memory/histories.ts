import type { HistoryEvent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import type { Clock } from "../../domain/words.js";
import { partsOfEventId, sortableTime } from "../indexed.js";
import { kept } from "./frozen.js";

interface Kept {
  /** The number of the last event ever; the events are those up to it. */
  last: number;
  events: HistoryEvent[];
  until: number;
}

/** The last events of each entity, up to their number and age. */
export class Histories {
  readonly #byEntity = new Map<string, Kept>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entityId: string, events: readonly Omit<HistoryEvent, "id">[]): void {
    if (events.length === 0) return;
    const now = this.#clock();
    const history = this.#of(entityId) ?? { last: 0, events: [], until: 0 };
    for (const event of events) history.events.push(kept({ ...event, id: `${entityId}.${++history.last}` }));
    while (history.events.length > limits.history.maxEvents || isOlderThan(history.events[0], now - limits.history.keptMs)) history.events.shift();
    history.until = now + limits.history.keptMs;
    this.#byEntity.set(entityId, history);
  }

  /** Oldest first. */
  events(entityId: string): readonly HistoryEvent[] {
    return this.#of(entityId)?.events ?? [];
  }

  event(eventId: string): HistoryEvent | null {
    const parts = partsOfEventId(eventId);
    return (parts && this.events(parts.entityId).find((event) => event.id === eventId)) ?? null;
  }

  forget(entityId: string): void {
    this.#byEntity.delete(entityId);
  }

  #of(entityId: string): Kept | undefined {
    const found = this.#byEntity.get(entityId);
    return found && found.until > this.#clock() ? found : undefined;
  }
}

const isOlderThan = (event: HistoryEvent | undefined, ms: number): boolean => event !== undefined && Date.parse(sortableTime(event.at)) < ms;
