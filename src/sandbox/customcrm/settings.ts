/** What a site may decide about its Customcrm, and what a test may ask of this one. All may be changed while it runs. */
export interface CustomcrmSettings {
  /** The capabilities of the contract; one that is off behaves as in a CRM that never had it. */
  readonly capabilities: Readonly<Record<Capability, boolean>>;
  /** The static API token. */
  readonly token: string;
  /** The client-credentials grant at `/oauth/token`; null: there is none. */
  readonly oauth: { readonly clientId: string; readonly clientSecret: string; readonly tokenLifeSeconds: number } | null;
  /** At most so many calls in each window; null: no limit. */
  readonly rateLimit: { readonly calls: number; readonly windowSeconds: number } | null;
  /** A change shows in `/changes` up to this much after its answer, each by its own delay. The contract allows 5000. */
  readonly changesLateMs: number;
  /** How an answer shows a property without a value. */
  readonly noValue: "null" | "absent" | "empty";
  /** Properties that this CRM does not have, as `Customer.VatNumber`; only those that the contract marks as extensions. */
  readonly omitted: readonly string[];
  readonly cursorLifeSeconds: number;
  readonly webhooks: {
    /** Events that happen within this time travel together. */
    readonly gatherMs: number;
    /** Chances, 0 to 1: a notification is never sent, sent twice, or held back behind later ones. */
    readonly loss: number;
    readonly doubles: number;
    readonly disorder: number;
    readonly timeoutMs: number;
    /** The pause before the first repeat; each later one is twice as long, until an hour has passed. */
    readonly firstRepeatMs: number;
  };
}

export const capabilities = ["changes", "ifMatch", "idempotencyKey", "webhooks", "ids"] as const;
export type Capability = (typeof capabilities)[number];

export const defaultSettings: CustomcrmSettings = {
  capabilities: { changes: true, ifMatch: true, idempotencyKey: true, webhooks: true, ids: true },
  token: "sandbox-token",
  oauth: { clientId: "sandbox-client", clientSecret: "sandbox-secret", tokenLifeSeconds: 3600 },
  rateLimit: null,
  changesLateMs: 0,
  noValue: "null",
  omitted: [],
  cursorLifeSeconds: 24 * 3600,
  webhooks: { gatherMs: 100, loss: 0, doubles: 0, disorder: 0, timeoutMs: 5000, firstRepeatMs: 5000 },
};

/** Numbers that the contract fixes. */
export const contract = {
  idsPerCall: 100,
  list: { defaultLimit: 100, maxLimit: 200 },
  changes: { defaultLimit: 200, maxLimit: 500 },
  deletionsKeptMs: 30 * 24 * 3_600_000,
  idempotencyKeptMs: 24 * 3_600_000,
  webhookRepeatsMs: 3_600_000,
} as const;
