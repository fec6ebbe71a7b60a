import type { CustomcrmType } from "../../domain/words.js";
import type { CustomcrmSeed, SeedRow } from "../seed/types.js";
import type { Values } from "./validate.js";

/** Everything that a Customcrm remembers, as plain JSON; times in milliseconds since 1970. */
export interface State {
  records: StoredRecord[];
  tombstones: Tombstone[];
  feed: FeedEntry[];
  /** The position last assigned. */
  position: number;
  /** The highest position of a deletion that is no longer kept. */
  forgotten: number;
  answers: KeptAnswer[];
  webhooks: Subscription[];
  accessTokens: { token: string; expiresAt: number }[];
}

export interface StoredRecord {
  readonly type: CustomcrmType;
  readonly id: string;
  readonly version: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly values: Values;
}

export interface Tombstone {
  readonly type: CustomcrmType;
  readonly id: string;
  readonly deletedAt: number;
}

export interface FeedEntry {
  readonly position: number;
  readonly type: CustomcrmType;
  readonly id: string;
  readonly action: "Upsert" | "Delete";
  readonly at: number;
  readonly visibleAt: number;
}

/** The first answer to a POST with an Idempotency-Key. */
export interface KeptAnswer {
  readonly key: string;
  readonly fingerprint: string;
  readonly at: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

export interface Subscription {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly types: readonly CustomcrmType[];
}

/** A Customcrm that holds the seed's rows; they got their positions in the order in which they were last changed. */
export function initialState(seed: CustomcrmSeed, now: number): State {
  const records = [...seed.customers.map(stored("Customer", now)), ...seed.contacts.map(stored("Contact", now)), ...seed.products.map(stored("Product", now))];
  const inOrder = records.toSorted((a, b) => a.modifiedAt - b.modifiedAt || (a.id < b.id ? -1 : 1));
  const feed = inOrder.map(
    ({ type, id, modifiedAt }, index): FeedEntry => ({ position: index + 1, type, id, action: "Upsert", at: modifiedAt, visibleAt: modifiedAt }),
  );
  return { records, tombstones: [], feed, position: feed.length, forgotten: 0, answers: [], webhooks: [], accessTokens: [] };
}

const stored =
  (type: CustomcrmType, now: number) =>
  ({ Id, createdDaysAgo, modifiedDaysAgo, ...values }: SeedRow): StoredRecord => ({
    type,
    id: String(Id),
    version: 1,
    createdAt: daysBefore(now, createdDaysAgo),
    modifiedAt: daysBefore(now, modifiedDaysAgo),
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === null || value === "" ? null : String(value)])),
  });

const daysBefore = (now: number, days: number): number => Math.round(now - days * 24 * 3_600_000);
