import type { System } from "../domain/words.js";
import { isTracing, spanned } from "../spans.js";

/** Reads these keys together; the trace tells how many they were. */
export function batched<T>(what: string, keys: readonly unknown[], read: () => Promise<T>, system?: System): Promise<T> {
  if (!isTracing()) return read();
  const attributes = { ...(system ? { "tandem.system": system } : {}), "tandem.batch": keys.length };
  return spanned({ name: `load ${what}`, attributes }, read);
}
