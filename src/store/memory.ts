import { type Dataflow, dataflows } from "../domain/dataflow.js";
import type { Clock } from "../domain/words.js";
import { RecordRefs } from "./indexed.js";
import { MemoryDocuments } from "./memory/documents.js";
import { MemoryEntities } from "./memory/entities.js";
import { MemoryFeeds } from "./memory/feeds.js";
import { MemoryLeases } from "./memory/leases.js";
import { Marks } from "./memory/marks.js";
import { MemoryPieces } from "./memory/pieces.js";
import { MemorySecrets } from "./memory/secrets.js";
import { MemorySnapshots } from "./memory/snapshots.js";
import { MemoryTallies } from "./memory/tallies.js";
import { Sealer } from "./sealer.js";
import type { BusMessage, EventBus, Store } from "./store.js";
import { Subscribers } from "./subscribers.js";

interface MemoryStoreOptions {
  readonly clock?: Clock;
  readonly encryptionKey?: string | readonly string[];
  /** The site's table; as shipped where nothing is said. */
  readonly flows?: readonly Dataflow[];
  /** Told of subscribers that fail. */
  readonly log?: (message: string, error?: unknown) => void;
}

/** The store within one process, for simulation and for a machine without Redis. Nothing outlives the process. */
export class MemoryStore implements Store {
  readonly kind = "memory";
  readonly entities: MemoryEntities;
  readonly snapshots: MemorySnapshots;
  readonly pieces: MemoryPieces;
  readonly feeds: MemoryFeeds;
  readonly leases: MemoryLeases;
  readonly secrets: MemorySecrets;
  readonly documents: MemoryDocuments;
  readonly tallies: MemoryTallies;
  readonly events: EventBus;

  constructor({ clock = Date.now, encryptionKey, flows = dataflows, log = () => {} }: MemoryStoreOptions = {}) {
    const marks = new Marks();
    this.snapshots = new MemorySnapshots(clock, marks);
    this.documents = new MemoryDocuments(clock);
    this.tallies = new MemoryTallies(this.documents);
    this.entities = new MemoryEntities(clock, marks, this.snapshots, this.documents, new RecordRefs(flows));
    this.pieces = new MemoryPieces(this.entities, this.snapshots);
    this.leases = new MemoryLeases(clock);
    this.feeds = new MemoryFeeds(marks, ({ entityId, revision, leaseKey }) => !this.leases.isHeld(leaseKey) && this.entities.revisionOf(entityId) === revision);
    this.secrets = new MemorySecrets(encryptionKey === undefined ? null : new Sealer(encryptionKey, "memory"));
    this.events = new MemoryEvents(log);
  }

  async ping(): Promise<void> {}

  async stop(): Promise<void> {}
}

class MemoryEvents implements EventBus {
  readonly #subscribers: Subscribers;

  constructor(log: (message: string, error?: unknown) => void) {
    this.#subscribers = new Subscribers(log);
  }

  /** Handlers run after the publisher has gone on, as they do behind Redis. */
  async publish(message: BusMessage): Promise<void> {
    const copy = JSON.parse(JSON.stringify(message)) as BusMessage;
    queueMicrotask(() => this.#subscribers.tell(copy));
  }

  subscribe(handler: (message: BusMessage) => void): () => void {
    return this.#subscribers.add(handler);
  }
}
