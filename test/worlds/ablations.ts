import type { Connector } from "../../src/connectors/connector.js";
import type { SyncSettings } from "../../src/domain/settings.js";
import type { Store } from "../../src/store/store.js";

/** A safeguard taken away, by a part that is put in place of a real one. */
export interface Ablation {
  readonly name: string;
  readonly store?: (store: Store) => Store;
  readonly connector?: (connector: Connector, store: Store) => Connector;
  readonly settings?: (settings: SyncSettings) => SyncSettings;
}
