import type { EntityType, System } from "../domain/words.js";
import { circumstancesOf } from "./circumstances.js";
import type { Observation, PlanSettings } from "./decide/observation.js";
import { type Matching, matchingOf } from "./matching.js";
import type { Seen } from "./observe.js";
import { type OpenCreate, openCreates } from "./open-creates.js";
import type { SettleParts } from "./parts.js";

type Looked = Matching & Awaited<ReturnType<typeof circumstancesOf>>;

/**
 * What the plans of one round need besides the two records, looked up for all entities side by side before the first is
 * planned: one after the other, each would wait for several answers of the store. What the round itself changes meanwhile is
 * looked up anew for those whose plan rests on it.
 */
export class Foresight {
  readonly #looked: ReadonlyMap<string, Promise<Looked>>;
  readonly #policies = new Map<EntityType, Promise<PlanSettings>>();
  readonly #open = new Map<string, Promise<readonly OpenCreate[]>>();
  readonly #touched = new Set<string>();
  #isDistrusted = false;

  constructor(
    private readonly parts: SettleParts,
    round: readonly Seen[],
    /** Ends when all that the round has begun to store is stored. */
    private readonly stored: () => Promise<void>,
  ) {
    this.#looked = new Map(round.map((seen) => [seen.entity.id, this.#look(seen)]));
    // One that fails is told when its turn comes.
    for (const looked of this.#looked.values()) looked.catch(() => {});
  }

  async of(seen: Seen): Promise<Pick<Observation, "match" | "settings" | "hold" | "referencedBy" | "sides">> {
    const early = await this.#looked.get(seen.entity.id);
    const { match, restsOn: _, ...circumstances } = early && this.#stillHolds(seen, early) ? early : await this.#lookAnew(seen);
    return { match, settings: await this.#policy(seen.entity.type), ...circumstances };
  }

  /** These were written: what was seen of them before is out of date. */
  touched(...ids: readonly string[]): void {
    for (const id of ids) this.#touched.add(id);
  }

  hasTouched(id: string): boolean {
    return this.#touched.has(id);
  }

  /** More was changed than is known here. */
  distrust(): void {
    this.#isDistrusted = true;
    this.#policies.clear();
    this.#open.clear();
  }

  #stillHolds({ sides }: Seen, { restsOn }: Looked): boolean {
    // Where a record went may show in what refers to it, which is not counted here.
    const isGone = sides.CUSTOMCRM.kind === "gone" || sides.EXACT.kind === "gone";
    return !this.#isDistrusted && (this.#touched.size === 0 || !(isGone || restsOn.some((id) => this.#touched.has(id))));
  }

  async #look(seen: Seen): Promise<Looked> {
    const [matching, circumstances] = await Promise.all([
      matchingOf(this.parts.store.entities, seen.flow, seen.entity),
      circumstancesOf(this.parts, seen, (system) => this.#openIn(system, seen)),
    ]);
    return { ...matching, ...circumstances };
  }

  async #lookAnew(seen: Seen): Promise<Looked> {
    await this.stored();
    return this.#look(seen);
  }

  #policy(type: EntityType): Promise<PlanSettings> {
    return once(this.#policies, type, () => this.parts.policy(type));
  }

  #openIn(system: System, { flow }: Seen): Promise<readonly OpenCreate[]> {
    const { store, settings } = this.parts;
    const type = system === "EXACT" ? flow.exact : flow.customcrm;
    return once(this.#open, `${system}:${type}`, () => openCreates({ store, flows: settings.flows }, system, [type]));
  }
}

function once<K, V>(known: Map<K, Promise<V>>, key: K, ask: () => Promise<V>): Promise<V> {
  const found = known.get(key) ?? ask();
  known.set(key, found);
  return found;
}
