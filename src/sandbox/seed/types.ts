/** A row of either system as the sandbox starts with it: its own property names, and how old it is when the sandbox starts. */
export type SeedRow = {
  readonly [property: string]: string | number | null;
  readonly createdDaysAgo: number;
  readonly modifiedDaysAgo: number;
};

/** Rows with the property names of the Customcrm contract; `Id` is set, the stamps come from the ages. */
export interface CustomcrmSeed {
  readonly customers: readonly SeedRow[];
  readonly contacts: readonly SeedRow[];
  readonly products: readonly SeedRow[];
}

/** Rows with Exact's property names; `ID` is a guid, `BirthDate` is YYYY-MM-DD. */
export interface ExactSeed {
  readonly accounts: readonly SeedRow[];
  readonly contacts: readonly SeedRow[];
}

export type Matched = "ACCOUNT" | "CONTACT";

/** Two records that are one thing, and that R6 must link. */
export interface TruePair {
  readonly type: Matched;
  readonly customcrm: string;
  readonly exact: string;
  /** The alternative that decides, as its fields joined by "+". */
  readonly by: string;
}

/** Records among which R6 must not choose: each of them ends in REVIEW. */
export interface ReviewGroup {
  readonly type: Matched;
  readonly customcrm: readonly string[];
  readonly exact: readonly string[];
  readonly why: "AMBIGUOUS_MATCH" | "KEYS_DISAGREE";
}

export interface OneSided {
  readonly accounts: readonly string[];
  readonly contacts: readonly string[];
}

/** What a right first contact finds. Every record of the seed stands in exactly one of pairs, review, oneSided and undecided. */
export interface GroundTruth {
  readonly pairs: readonly TruePair[];
  readonly review: readonly ReviewGroup[];
  /** No record of the other system fits. Products are in Customcrm only. */
  readonly oneSided: { readonly customcrm: OneSided & { readonly products: readonly string[] }; readonly exact: OneSided };
  /** Contacts that cannot be matched before a person has settled their account's review. */
  readonly undecided: { readonly customcrm: readonly string[]; readonly exact: readonly string[] };
  /** Contacts of Exact without a last name: Customcrm can't take them. */
  readonly firstNameOnly: readonly string[];
  /** Products without a customer: they need a default account. */
  readonly productsWithoutCustomer: readonly string[];
}

export interface Seed {
  readonly customcrm: CustomcrmSeed;
  readonly exact: ExactSeed;
  readonly truth: GroundTruth;
}
