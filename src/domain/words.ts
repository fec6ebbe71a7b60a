/** The words of the product, one a thing. SYNC.md says what each means. */

export const systems = ["CUSTOMCRM", "EXACT"] as const;
export type System = (typeof systems)[number];

export const entityTypes = ["ACCOUNT", "CONTACT", "PRODUCT"] as const;
export type EntityType = (typeof entityTypes)[number];

export const linkStates = ["UNLINKED", "PENDING", "WAITING", "REVIEW", "LINKED", "CONFLICT", "FAILED", "DETACHED"] as const;
export type LinkState = (typeof linkStates)[number];

export type LinkOrigin = "CREATED" | "MATCHED" | "MANUAL";
export type ChangeSource = System | "GATEWAY";
export type WriteOperation = "CREATE" | "UPDATE" | "DELETE";
export type ConflictPolicy = "NEWEST" | "CUSTOMCRM" | "EXACT" | "MANUAL";
export type Direction = "BOTH" | "TO_EXACT" | "TO_CUSTOMCRM";
export type DeletePolicy = "DETACH" | "ARCHIVE" | "PROPAGATE";

export type CustomcrmType = "Customer" | "Contact" | "Product";
export const exactTypes = ["Accounts", "Contacts", "Items"] as const;
export type ExactType = (typeof exactTypes)[number];
export type RecordType = CustomcrmType | ExactType;

/** RFC 3339, UTC, milliseconds. */
export type IsoTime = string;

/** The time now, in milliseconds since 1970. Passed in, so that a world can be run from one seed. */
export type Clock = () => number;

export const otherSystem = (system: System): System => (system === "CUSTOMCRM" ? "EXACT" : "CUSTOMCRM");
export const isoTime = (ms: number): IsoTime => new Date(ms).toISOString();
