import type { DocumentStore } from "../../../src/store/store.js";

/** Only what subscriptions need: one document, kept in memory. */
export function memoryDocuments(): DocumentStore {
  const kept = new Map<string, unknown>();
  const unused = () => Promise.reject(new Error("not needed here"));
  return {
    get: async <T>(kind: string, key: string) => (kept.has(`${kind}/${key}`) ? { value: kept.get(`${kind}/${key}`) as T, version: 1 } : null),
    set: async (kind, key, value) => {
      kept.set(`${kind}/${key}`, value);
      return true;
    },
    delete: async (kind, key) => void kept.delete(`${kind}/${key}`),
    list: unused,
    append: unused,
    slice: unused,
  };
}
