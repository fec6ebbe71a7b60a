import type { CallClass, Connector, UnreadableRow } from "../connectors/connector.js";
import type { Entity } from "../domain/entity.js";
import type { SyncSettings } from "../domain/settings.js";
import type { Clock, EntityType, System } from "../domain/words.js";
import type { Store } from "../store/store.js";
import type { Observation, Plan, PlanSettings } from "./decide/observation.js";

export interface SettleParts {
  readonly store: Store;
  readonly connectors: { readonly [S in System]: Connector };
  readonly settings: SyncSettings;
  readonly clock: Clock;
  readonly newId: (type: EntityType) => string;
  /** Names an intent, and with it every attempt of one write. */
  readonly newIntentId: () => string;
  /** Between 0 and 1; spreads what is tried again. */
  readonly random: () => number;
  /** What the dataflows allow now: paused, first contact. */
  readonly policy: (type: EntityType) => Promise<PlanSettings>;
  /** Runs something again and again until called off; default: the process's own timer. */
  readonly every?: (ms: number, run: () => void) => () => void;
  /** When the store may last have lost what it had acknowledged; null: it has not (A3). */
  readonly lostAt?: () => number | null;
  /** Asked before a plan is carried out (R10). `hold`: the dataflow is paused by now, and the entity is planned anew. */
  readonly guard?: (entity: Entity, plan: Plan) => Promise<"go" | "hold">;
  /** A side with links reads as empty (R10). */
  readonly onEmptySide?: (types: readonly EntityType[], system: System, links: number) => Promise<void>;
  /** Told of rows that were passed over because they can't be read (R14). */
  readonly onUnreadable?: (system: System, rows: readonly UnreadableRow[]) => void;
  /** Called after marks were read, before any of them is handled. */
  readonly onMarksRead?: () => Promise<void>;
  /** Called after marks were handled, before they are cleared. */
  readonly onHandled?: () => Promise<void>;
  /** Told of each plan that is about to be carried out, links among them, and of those that have nothing to do. */
  readonly onPlanned?: (observation: Pick<Observation, "entity">, plan: Plan) => void;
  /** Tells subscribers and guards of what was done. */
  readonly onSettled?: (before: Entity, after: Entity | null, plan: Plan) => void;
}

export interface SettleOptions {
  readonly class: CallClass;
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  /** A person waits: back-off is not waited out. */
  readonly urgent?: boolean;
  /** The process wants to end: no further write is begun. */
  readonly isHalted?: () => boolean;
  /** Stop before anything is sent to a system. */
  readonly withoutPush?: boolean;
  /** Of these nothing is shown that is not begun: their marks may be withdrawn until then. */
  readonly onProbation?: ReadonlySet<string>;
}

export const callOptions = (options: SettleOptions) => ({
  class: options.class,
  ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
  ...(options.signal ? { signal: options.signal } : {}),
});

/** Who holds this lease is the one writer of the entity (R13). */
export const leaseKey = (entityId: string): string => `entity:${entityId}`;
