import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ExactType } from "../../domain/words.js";

/** A hint to look; the decision reads the current state (R13). */
export interface WebhookHint {
  readonly type: ExactType;
  readonly id: string;
  readonly action: "create" | "update" | "delete";
}

export type WebhookAnswer =
  /** Exact tries an address with an empty body when a subscription is made; it carries no signature and wants a 2xx. */
  | { readonly kind: "handshake" }
  /** `replayKey` is equal for equal notifications: one that was seen before is answered 2xx and dropped. */
  | { readonly kind: "hint"; readonly hint: WebhookHint; readonly replayKey: string }
  /** Signed well, but not of our concern: another topic, division or app. */
  | { readonly kind: "ignored"; readonly reason: string; readonly replayKey: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface WebhookReader {
  /** The webhook secret, which is not the client secret. */
  readonly secret: string;
  readonly clientId: string;
  /** null: any. */
  readonly division: number | null;
  readonly topics: readonly ExactType[];
}

const opening = Buffer.from('{"Content":');
const closing = Buffer.from(',"HashCode":');

/** Checks and reads a notification. `body` is the raw bytes as they came: signed are exactly those between `{"Content":` and `,"HashCode":`. */
export function readWebhook(body: Buffer, reader: WebhookReader): WebhookAnswer {
  if (body.length === 0) return { kind: "handshake" };
  const end = body.lastIndexOf(closing);
  if (!body.subarray(0, opening.length).equals(opening) || end < opening.length)
    return { kind: "refused", reason: "It is not a notification of Exact Online." };
  const content = body.subarray(opening.length, end);
  const hash = /^"([0-9A-Fa-f]{64})"\s*\}\s*$/.exec(body.subarray(end + closing.length).toString("latin1"))?.[1];
  if (!hash) return { kind: "refused", reason: "It carries no signature." };
  const expected = createHmac("sha256", reader.secret).update(content).digest();
  if (!timingSafeEqual(expected, Buffer.from(hash, "hex"))) return { kind: "refused", reason: "Its signature is not of our webhook secret." };

  const replayKey = createHash("sha256").update(content).digest("hex");
  const notice = parse(content);
  if (!notice) return { kind: "refused", reason: "Its content cannot be read." };
  const ignored = (reason: string): WebhookAnswer => ({ kind: "ignored", reason, replayKey });
  if (notice.ClientId !== undefined && bare(notice.ClientId) !== bare(reader.clientId)) return ignored("It is meant for another app.");
  if (reader.division !== null && notice.Division !== undefined && Number(notice.Division) !== reader.division) return ignored("It is of another division.");
  const type = reader.topics.find((topic) => topic === notice.Topic);
  if (!type) return ignored(`Its topic is not synchronized: ${notice.Topic}.`);
  const action = String(notice.Action).toLowerCase();
  if (action !== "create" && action !== "update" && action !== "delete") return ignored(`Its action is not known: ${action}.`);
  const id = bare(notice.Key);
  return { kind: "hint", hint: { type, id, action }, replayKey };
}

function parse(content: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(content.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const bare = (guid: unknown): string => String(guid).replace(/[{}]/g, "").toLowerCase();
