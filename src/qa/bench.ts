import type { Entity } from "../domain/entity.js";
import type { Properties } from "../domain/record.js";
import type { SyncSettings } from "../domain/settings.js";
import type { RecordType, System } from "../domain/words.js";
import type { Store } from "../store/store.js";

/** The hands of a system's own people: they know nothing of the sync, and use the system's own property names. */
export interface Hands {
  /** The new record's id. */
  create(type: RecordType, properties: Properties): Promise<string>;
  edit(type: RecordType, id: string, properties: Properties): Promise<void>;
  remove(type: RecordType, id: string): Promise<void>;
  /** As the system keeps it; null where there is none. */
  read(type: RecordType, id: string): Promise<Properties | null>;
}

/** Two systems, the sync between them, and a way to make it do its work now. */
export interface Bench {
  /** What it is, for the report's reader. */
  readonly name: string;
  readonly hands: { readonly [S in System]: Hands };
  readonly store: Store;
  /** What the sync between them works by. */
  readonly settings: SyncSettings;
  /** Reads what has changed and does all that follows from it. */
  settle(): Promise<void>;
  /** Lets time pass, where that can be done at will. */
  readonly passTime: ((ms: number) => Promise<void>) | null;
  /** Calls made so far to both systems by the sync; writes alone. */
  calls(): { readonly all: number; readonly writes: number };
  readonly patience: Patience;
  /** Aborted: a person wants it to end, with what was made removed. */
  readonly stopped?: AbortSignal;
  /** Every record that was made on the way, by hand or by the sync, oldest first. */
  made(): readonly Made[];
}

/** How often, and after what pause, to look again for what has not arrived. */
export interface Patience {
  readonly attempts: number;
  readonly pauseMs: number;
}

export interface Made {
  readonly system: System;
  readonly type: RecordType;
  readonly id: string;
}

/** null: as it should be. A text: what differed. */
export type Finding = string | null;

/** Settles and looks until all is as it should be, or patience ends; gives the last finding. */
export async function until(bench: Bench, look: () => Promise<Finding>): Promise<Finding> {
  for (let attempt = 1; ; attempt++) {
    bench.stopped?.throwIfAborted();
    await bench.settle();
    const finding = await look();
    if (finding === null || attempt >= bench.patience.attempts) return finding;
    await new Promise((resolve) => setTimeout(resolve, bench.patience.pauseMs));
  }
}

/** Where an entity stands, for a person who asks why something did not arrive. */
export const standing = (entity: Entity | null | undefined): string =>
  !entity ? "it is not known" : entity.problem ? `${entity.state}: ${entity.problem.message}` : `it is ${entity.state}`;
