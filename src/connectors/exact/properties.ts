import { dataflows, retargets } from "../../domain/dataflow.js";
import {
  type ExactAccountProperty,
  type ExactContactProperty,
  type ExactItemProperty,
  type exactAccountProperties,
  type exactContactProperties,
  type exactItemProperties,
} from "../../domain/exact-properties.js";
import type { ExactType } from "../../domain/words.js";

type Tables = {
  readonly Accounts: typeof exactAccountProperties;
  readonly Contacts: typeof exactContactProperties;
  readonly Items: typeof exactItemProperties;
};

/**
 * Exact shows these as writable, and none may be written. Birth names are obsolete and overwrite the last and middle name; an
 * id is the server's to give; an account's code that is sent in an update, even unchanged, is refused as taken.
 */
export const neverWritten = {
  Accounts: { create: ["ID"], update: ["ID", "Code"] },
  Contacts: { create: ["ID", "BirthName", "BirthNamePrefix"], update: ["ID", "BirthName", "BirthNamePrefix"] },
  Items: { create: ["ID"], update: ["ID"] },
} as const;
export type WriteKind = "create" | "update";

/** The properties that may be sent; any other name does not compile. */
export type WritableProperty<T extends ExactType, K extends WriteKind> = Exclude<
  { [P in keyof Tables[T]]: Tables[T][P] extends { flags: `${string}${K extends "create" ? "c" : "u"}${string}` } ? P : never }[keyof Tables[T]] & string,
  (typeof neverWritten)[T][K][number]
>;

/** What the API shows of a record beside the rows of the dataflows. */
const shown = {
  Accounts: ["Code", "Status", "Blocked", "EndDate", "IsAnonymised"] satisfies ExactAccountProperty[],
  Contacts: ["FullName", "IsMainContact", "EndDate", "IsAnonymised"] satisfies ExactContactProperty[],
  Items: ["EndDate", "IsSalesItem", "ItemGroup", "Unit"] satisfies ExactItemProperty[],
};

/** The properties of a record of this type, in a fixed order: the same from a list, a feed and a read by id. */
export const recordProperties: { readonly [T in ExactType]: readonly string[] } = {
  Accounts: usedOf("Accounts"),
  Contacts: usedOf("Contacts"),
  Items: usedOf("Items"),
};

function usedOf(type: ExactType): readonly string[] {
  const mapped = [...dataflows, ...retargets].filter((flow) => flow.exact === type).flatMap((flow) => flow.rows.map((row) => row.exact));
  return [...new Set([...mapped, ...shown[type]])];
}

/** `$select` is always sent: some endpoints demand it, and rows have over a hundred properties. */
export const selectOf = (type: ExactType, more: readonly string[] = []): string => ["ID", "Created", "Modified", ...recordProperties[type], ...more].join(",");
