import type { Sealer } from "../sealer.js";
import type { SecretStore } from "../store.js";

/** Sealed when there is a key, so that what is in memory is of the same kind as what would be in Redis. */
export class MemorySecrets implements SecretStore {
  readonly #secrets = new Map<string, { readonly value: string | null; readonly version: number }>();
  readonly #sealer: Sealer | null;

  constructor(sealer: Sealer | null) {
    this.#sealer = sealer;
  }

  async get(name: string): Promise<{ readonly value: string; readonly version: number } | null> {
    const found = this.#secrets.get(name);
    if (!found || found.value === null) return null;
    return { value: this.#sealer?.open(name, found.value) ?? found.value, version: found.version };
  }

  async set(name: string, value: string, version: number): Promise<boolean> {
    const found = this.#secrets.get(name) ?? { value: null, version: 0 };
    if (version !== (found.value === null ? 0 : found.version)) return false;
    this.#secrets.set(name, { value: this.#sealer?.seal(name, value) ?? value, version: found.version + 1 });
    return true;
  }

  async delete(name: string): Promise<void> {
    const found = this.#secrets.get(name);
    if (found) this.#secrets.set(name, { ...found, value: null });
  }
}
