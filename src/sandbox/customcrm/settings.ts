import { z } from "zod";

/** What a site may decide about its Customcrm, and what a test may ask of this one. All may be changed while it runs. */
export interface CustomcrmSettings {
  /** The capabilities of the contract; one that is off behaves as in a CRM that never had it. */
  capabilities: Record<Capability, boolean>;
  /** The static API token. */
  token: string;
  /** The client-credentials grant at `/oauth/token`; null: there is none. */
  oauth: { clientId: string; clientSecret: string; tokenLifeSeconds: number } | null;
  /** At most so many calls in each window; null: no limit. */
  rateLimit: { calls: number; windowSeconds: number } | null;
  /** A change shows in `/changes` up to this much after its answer, each by its own delay. The contract allows 5000. */
  changesLateMs: number;
  /** How an answer shows a property without a value. */
  noValue: "null" | "absent" | "empty";
  /** Properties that this CRM does not have, as `Customer.VatNumber`; only those that the contract marks as extensions. */
  omitted: string[];
  cursorLifeSeconds: number;
  webhooks: {
    /** Events that happen within this time travel together. */
    gatherMs: number;
    /** Chances, 0 to 1: a notification is never sent, sent twice, or held back behind later ones. */
    loss: number;
    doubles: number;
    disorder: number;
    /** Of the machine's time, as the receiver is a real one. */
    timeoutMs: number;
    /** The pause before the first repeat; each later one is twice as long, until an hour has passed. */
    firstRepeatMs: number;
  };
}

/** Some settings; those that are not named stay. */
export type SettingsPatch = Partial<Omit<CustomcrmSettings, "capabilities" | "webhooks">> & {
  capabilities?: Partial<CustomcrmSettings["capabilities"]>;
  webhooks?: Partial<CustomcrmSettings["webhooks"]>;
};

export type Capability = "changes" | "ifMatch" | "idempotencyKey" | "webhooks" | "ids";

export const defaultSettings = (): CustomcrmSettings => ({
  capabilities: { changes: true, ifMatch: true, idempotencyKey: true, webhooks: true, ids: true },
  token: "sandbox-token",
  oauth: { clientId: "sandbox-client", clientSecret: "sandbox-secret", tokenLifeSeconds: 3600 },
  rateLimit: null,
  changesLateMs: 0,
  noValue: "null",
  omitted: [],
  cursorLifeSeconds: 24 * 3600,
  webhooks: { gatherMs: 100, loss: 0, doubles: 0, disorder: 0, timeoutMs: 5000, firstRepeatMs: 5000 },
});

/** Changes `settings` in place; throws, and changes nothing, where the patch names what there is not or gives a value that can't be. */
export function changeSettings(settings: CustomcrmSettings, patch: unknown): CustomcrmSettings {
  const named = patchSchema.parse(patch) as SettingsPatch;
  return Object.assign(settings, named, {
    capabilities: { ...settings.capabilities, ...named.capabilities },
    webhooks: { ...settings.webhooks, ...named.webhooks },
  });
}

const positive = z.number().positive();
const chance = z.number().min(0).max(1);
const ms = z.number().nonnegative();
const extensions = /^(Customer\.(VatNumber|OrganisationNumber|ExternalId)|Contact\.(?!CustomerId|LastName)\w+|Product\.(?!Name)\w+)$/;

const patchSchema = z
  .strictObject({
    capabilities: z
      .strictObject({ changes: z.boolean(), ifMatch: z.boolean(), idempotencyKey: z.boolean(), webhooks: z.boolean(), ids: z.boolean() })
      .partial(),
    token: z.string().min(1),
    oauth: z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1), tokenLifeSeconds: positive }).nullable(),
    rateLimit: z.strictObject({ calls: z.int().nonnegative(), windowSeconds: positive }).nullable(),
    changesLateMs: ms.max(5000),
    noValue: z.enum(["null", "absent", "empty"]),
    omitted: z.array(z.string().regex(extensions, "Only extensions of the contract can be missing, as Customer.VatNumber.")),
    cursorLifeSeconds: positive,
    webhooks: z.strictObject({ gatherMs: ms, loss: chance, doubles: chance, disorder: chance, timeoutMs: positive, firstRepeatMs: positive }).partial(),
  })
  .partial();

/** Numbers that the contract fixes. */
export const contract = {
  idsPerCall: 100,
  list: { defaultLimit: 100, maxLimit: 200 },
  changes: { defaultLimit: 200, maxLimit: 500 },
  deletionsKeptMs: 30 * 24 * 3_600_000,
  idempotencyKeptMs: 24 * 3_600_000,
  webhookRepeatsMs: 3_600_000,
} as const;
