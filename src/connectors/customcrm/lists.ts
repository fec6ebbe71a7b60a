import type { SystemRecord } from "../../domain/record.js";
import type { CustomcrmType, IsoTime } from "../../domain/words.js";
import type { Condition } from "../connector.js";

type Filters = { readonly [property: string]: "email" | "name" | "externalId" | "customerId" };

const filters: { readonly [T in CustomcrmType]: Filters } = {
  Customer: { Email: "email", Name: "name", ExternalId: "externalId" },
  Contact: { Email: "email", LastName: "name", ExternalId: "externalId", CustomerId: "customerId" },
  Product: { Email: "email", Name: "name", ExternalId: "externalId", CustomerId: "customerId" },
};

/** The filters that Customcrm has for these conditions; the others are compared in code. */
export function filterOf(type: CustomcrmType, where: readonly Condition[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    where.flatMap(({ property, equals }) => {
      const filter = filters[type][property];
      return filter ? [[filter, equals.trim()]] : [];
    }),
  );
}

/** Customcrm compares e-mail addresses and names without case, and names by their beginning: equality is decided here. */
export function matches(type: CustomcrmType, record: SystemRecord, where: readonly Condition[], createdSince: IsoTime | null): boolean {
  if (createdSince !== null && record.createdAt !== null && record.createdAt < createdSince) return false;
  return where.every(({ property, equals }) => {
    const value = record.properties[property];
    if (value === null || value === undefined) return false;
    const filter = filters[type][property];
    const form = (text: string) => (filter === "email" || filter === "name" ? text.trim().normalize("NFC").toLowerCase() : text.trim());
    return form(String(value)) === form(equals);
  });
}

/** Lists of at most `maxCount` ids whose joined length stays within `maxLength`. */
export function chunksOf(ids: readonly string[], maxCount: number, maxLength: number): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let length = 0;
  for (const id of ids) {
    const chunk = chunks.at(-1);
    if (!chunk || chunk.length === maxCount || length + id.length + 1 > maxLength) {
      chunks.push([id]);
      length = id.length;
    } else {
      chunk.push(id);
      length += id.length + 1;
    }
  }
  return chunks;
}

/** Runs `one` over all items, at most `limit` at a time, in order; the first failure stops the rest. */
export async function mapLimited<T, R>(items: readonly T[], limit: number, one: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const worker = async () => {
    for (let index = next++; index < items.length && !failed; index = next++) {
      const item = items[index] as T;
      try {
        results[index] = await one(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
