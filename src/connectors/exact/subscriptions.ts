import type { CallOptions } from "../connector.js";
import type { ExactClient } from "./client.js";
import { parseRows, pathWith, type Row } from "./odata.js";

export interface Subscription {
  readonly id: string;
  readonly topic: string;
  readonly callbackUrl: string;
}

export interface SubscriptionParts {
  readonly client: ExactClient;
  readonly division: number;
  readonly clientId: string;
}

export interface EnsuredSubscription {
  readonly topic: string;
  readonly action: "kept" | "created" | "recreated";
}

const endpoint = "webhooks/WebhookSubscriptions";

/**
 * Makes sure that this app has one subscription a topic, that leads to `callbackUrl`. What leads elsewhere, and doubles, are deleted and
 * made anew: Exact refuses to update them. Subscriptions of other apps and to other topics are left alone. Running it again changes nothing.
 */
export async function ensureSubscriptions(
  parts: SubscriptionParts,
  topics: readonly string[],
  callbackUrl: string,
  options: CallOptions,
): Promise<readonly EnsuredSubscription[]> {
  const { client } = parts;
  const base = baseOf(parts);
  const ours = await listSubscriptions(parts, options);
  const ensured: EnsuredSubscription[] = [];
  for (const topic of topics) {
    const existing = ours.filter((one) => one.topic === topic);
    const right = existing.find((one) => one.callbackUrl === callbackUrl);
    for (const one of existing) {
      if (one !== right) await client.call({ method: "DELETE", endpoint, path: `${base}(guid'${one.id}')` }, options);
    }
    if (!right) await client.call({ method: "POST", endpoint, path: base, body: { Topic: topic, CallbackURL: callbackUrl } }, options);
    ensured.push({ topic, action: right ? "kept" : existing.length > 0 ? "recreated" : "created" });
  }
  return ensured;
}

/** This app's own, to whatever topic. */
export async function listSubscriptions(parts: SubscriptionParts, options: CallOptions): Promise<readonly Subscription[]> {
  const { client, clientId } = parts;
  const ours: Row[] = [];
  for (let next: string | null = pathWith(baseOf(parts), { $select: "ID,Topic,CallbackURL,ClientID" }); next !== null; ) {
    const answer = await client.call({ method: "GET", endpoint, path: next }, options);
    const page = parseRows(answer.text, `GET ${endpoint}`);
    ours.push(...page.rows.filter((row) => isOf(row, clientId)));
    next = page.next;
  }
  return ours.map((row) => ({ id: String(row.ID), topic: String(row.Topic), callbackUrl: String(row.CallbackURL) }));
}

const baseOf = ({ division }: SubscriptionParts): string => `/api/v1/${division}/${endpoint}`;

/** The client id is a guid, which may come with braces or in capitals; without one, the list holds the app's own only. */
const isOf = (row: Row, clientId: string): boolean => typeof row.ClientID !== "string" || bare(row.ClientID) === bare(clientId);
const bare = (id: string): string => id.replace(/[{}]/g, "").toLowerCase();
