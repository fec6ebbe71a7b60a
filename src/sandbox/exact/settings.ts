import { z } from "zod";

const share = z.number().min(0).max(1);
const ms = z.number().nonnegative();

/**
 * What is not established about Exact Online, or differs from one division to the next, as settings. Each default is the reading
 * that a careful client has to expect.
 */
export const exactSettingsSchema = z.strictObject({
  /** The app's registration. */
  clientId: z.string().default("sandbox-client"),
  clientSecret: z.string().default("sandbox-secret"),
  /** Besides any loopback address. */
  redirectUris: z.array(z.string()).default([]),
  webhookSecret: z.string().default("sandbox-webhook-secret"),
  /** What the app may do; Exact's own words. */
  scopes: z.array(z.string()).default(["crm accounts", "logistics items", "organization administration"]),
  /** The user's right to read the log of deletions. */
  mayReadDeleted: z.boolean().default(true),
  /** Records above it are not shown to the user. */
  userSecurityLevel: z.int().default(100),
  /** Every call is refused with 403 and this reason. */
  refusal: z.enum(["BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired", "DivisionBlocked", "NoDivisionAccess"]).nullable().default(null),

  division: z.int().default(3_141_592),
  divisionName: z.string().default("Sandbox B.V."),
  divisionCountry: z.string().length(2).default("NL"),
  /** The language of the user, in which business errors come. */
  userLanguage: z.enum(["nl-NL", "en-GB"]).default("nl-NL"),

  /** The refresh token of before works until a token of the new pair is used. */
  refreshGrace: z.boolean().default(false),
  /** A second consent ends the chain of the first. */
  consentEndsOldChain: z.boolean().default(false),
  /** A retired refresh token that is used again ends its whole chain. */
  reuseEndsChain: z.boolean().default(false),
  tokenCallsPerDay: z.int().nullable().default(null),

  minuteLimit: z.int().positive().nullable().default(60),
  dayLimit: z.int().positive().nullable().default(5_000),
  /** Over all companies of the contract. */
  fairUseLimit: z.int().positive().nullable().default(20_000),
  /** More errors than these on one endpoint within an hour block it. */
  errorLimit: z.int().positive().nullable().default(10),
  blockedStatus: z.union([z.literal(429), z.literal(403)]).default(429),
  /** What a 429 says besides its headers. */
  throttledBody: z.enum(["none", "json"]).default("none"),
  /** Whether a 429 bears the headers of the limit that was hit. */
  throttledHeaders: z.boolean().default(true),
  retryAfter: z.boolean().default(false),

  postStatus: z.union([z.literal(201), z.literal(200)]).default(201),
  /** crm/Accounts wants a filter on one of the listed properties. */
  mandatoryFilter: z.boolean().default(true),
  /** crm lists want $select too, as bulk and sync do. */
  selectRequired: z.boolean().default(false),
  /** Which lists come as a bare array instead of in `results`. */
  bareArrays: z.enum(["top-up-to-60", "never"]).default("top-up-to-60"),
  /** An ID chosen by the client in a create. */
  chosenIds: z.enum(["replace", "use", "refuse"]).default("replace"),
  moveContact: z.enum(["allow", "ignore", "refuse"]).default("allow"),
  deleteAccountWithContacts: z.enum(["refuse", "cascade", "cascade-unlogged"]).default("refuse"),
  /** Ids of records that transactions refer to: they can't be deleted. */
  recordsInUse: z.array(z.string()).default([]),
  /** Properties that crm shows although no page names them. */
  undocumented: z.array(z.string()).default([]),
  /** null for a property in a PUT. */
  nullInPut: z.enum(["clears", "ignored"]).default("clears"),
  tooLong: z.enum(["error", "truncate"]).default("error"),
  /** Lengths beside those that are known, by `Accounts.Name`. */
  maxLengths: z.record(z.string(), z.int().positive()).default({}),
  /** Codes are filled up with zeros to so many digits. */
  codeDigits: z.int().min(0).max(18).default(7),
  /** A change of what is derived (main contact, address copies) moves the Timestamp of the record that shows it. */
  derivedMovesTimestamp: z.boolean().default(false),

  syncOrder: z.enum(["timestamp", "id"]).default("timestamp"),
  /** A change is not seen by sync at once, as a slow transaction's row version. */
  lateShare: share.default(0),
  lateMs: ms.default(0),
  /** Late changes are late in crm and bulk lists too; by key they are seen at once. */
  lateInLists: z.boolean().default(false),
  deletedKeptMonths: z.int().positive().default(2),

  webhookDelayMs: ms.default(2_000),
  webhookLoss: share.default(0),
  webhookDoubles: share.default(0),
  /** Up to so much later, each for itself, so that the order is lost. */
  webhookDisorderMs: ms.default(0),
  webhookOwnWrites: z.boolean().default(true),
  /** When a delivery that was not answered with 2xx is tried again. */
  webhookRetriesMs: z.array(ms).default([60_000, 300_000, 1_800_000]),
  /** A subscription ends after so many failed deliveries in a row. */
  webhookDisabledAfter: z.int().positive().nullable().default(null),
  /** Callbacks that are not on loopback must be on this host. */
  callbackHost: z.string().nullable().default(null),
});

export type ExactSettings = z.output<typeof exactSettingsSchema>;

export const exactSettings = (given: Partial<ExactSettings> = {}): ExactSettings => exactSettingsSchema.parse(given);

/** Changes settings in place, all or none. */
export function changeSettings(settings: ExactSettings, patch: unknown): ExactSettings {
  const given = z.record(z.string(), z.unknown()).parse(patch);
  return Object.assign(settings, exactSettingsSchema.parse({ ...settings, ...given }));
}

/** Facts that are no settings. */
export const facts = {
  pageSize: 60,
  bulkPageSize: 1_000,
  maxUrlLength: 6_000,
  maxBodyBytes: 10 * 1024 * 1024,
  codeLifeMs: 180_000,
  accessTokenLifeMs: 600_000,
  refreshNotBeforeMs: 570_000,
  refreshTokenLifeMs: 30 * 86_400_000,
  errorWindowMs: 3_600_000,
  blockMs: 3_600_000,
} as const;
