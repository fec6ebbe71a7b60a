import type { Entity } from "../../src/domain/entity.js";
import type { Guards } from "../../src/domain/settings.js";
import { type EntityType, entityTypes } from "../../src/domain/words.js";
import type { Store } from "../../src/store/store.js";

/** R10: what the sync detaches or deletes on its own, counted from outside, beside what the guard may let through. */
export class Guardedness {
  /** How often a guard has paused a dataflow. */
  pauses = 0;
  readonly #before = new Map<string, Entity>();
  readonly #taken = new Map<EntityType, Set<string>>();
  readonly #isOpen = new Map<EntityType, boolean>();
  readonly #paused = new Set<EntityType>();
  /** Dataflows that a person is letting go on just now: what the person drops is dropped one after the other. */
  readonly #resuming = new Map<EntityType, number>();

  constructor(
    private readonly store: Store,
    private readonly levels: Guards,
    private readonly isGuarded: boolean,
    private readonly broken: (violation: string) => void,
  ) {}

  /** A person lets go what is held: it does not count, and the count begins anew. Gives what is called when that is over. */
  resume(type: EntityType): () => void {
    this.#letGo(type);
    this.#resuming.set(type, (this.#resuming.get(type) ?? 0) + 1);
    return () => {
      this.#resuming.set(type, (this.#resuming.get(type) ?? 0) - 1);
      this.#letGo(type);
    };
  }

  #letGo(type: EntityType): void {
    this.#taken.delete(type);
    this.#isOpen.set(type, true);
    this.#paused.delete(type);
  }

  /** Nothing is marked in this process any more: the first fill, and what a person has let through, ends with it. */
  async quiet(): Promise<void> {
    for (const type of entityTypes) {
      const { PENDING } = await this.store.entities.counts(type);
      const kept = await this.store.documents.get<{ readonly open: readonly string[] }>("guard", type);
      const isOver = this.isGuarded ? kept !== null && !kept.value.open.includes("deletions") : PENDING === 0 && (await this.store.feeds.countDirty()) === 0;
      if (isOver && !this.#resuming.get(type)) this.#isOpen.set(type, false);
      const state = await this.store.documents.get<{ readonly paused: { readonly code: string } | null }>("dataflow", type);
      if (state?.value.paused?.code !== "GUARD" || this.#paused.has(type)) continue;
      this.#paused.add(type);
      this.pauses++;
    }
  }

  noted(entity: Entity): void {
    const before = this.#before.get(entity.id);
    this.#before.set(entity.id, entity);
    if (!before || this.#isOpen.get(entity.type) !== false || !isLost(before, entity)) return;
    const taken = this.#taken.get(entity.type) ?? new Set();
    this.#taken.set(entity.type, taken.add(entity.id));
    const { count, percent } = this.levels.deletions;
    if (percent === 0 && taken.size > count)
      this.broken(`R10 ${taken.size} of ${entity.type} were detached or deleted unasked; a guard holds more than ${count}.`);
  }
}

/** It was a pair, and the sync ends that: by detaching, or by a deletion that it sends. */
function isLost(before: Entity, now: Entity): boolean {
  const isDeleting = ({ intents }: Entity) => intents.some((one) => one.operation === "DELETE" && one.sentAt !== null);
  // What a client asks for is no deed of the sync.
  if ([before, now].some(({ wanted, operations = [] }) => wanted?.kind === "DELETE" || operations.some((one) => one.kind !== "UPDATE"))) return false;
  const wasPair = before.records.CUSTOMCRM !== null && before.records.EXACT !== null && before.state !== "DETACHED";
  return wasPair && ((now.state === "DETACHED" && !isDeleting(before)) || (isDeleting(now) && !isDeleting(before)));
}
