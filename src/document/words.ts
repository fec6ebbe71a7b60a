import type { CanonicalKind } from "../domain/canonical.js";
import { systemNames } from "../domain/dataflow-sentences.js";
import type { ConflictPolicy, Direction } from "../domain/words.js";
import type { RowDetails } from "./model.js";

/** How the cells of a property table say what the table in code says; each is read back by the same words. */
export const directionWords: { readonly [D in Direction]: string } = {
  BOTH: "both ways",
  TO_EXACT: `to ${systemNames.EXACT} only`,
  TO_CUSTOMCRM: `to ${systemNames.CUSTOMCRM} only`,
};

export const policyWords: { readonly [P in ConflictPolicy]: string } = {
  NEWEST: "the newest wins",
  CUSTOMCRM: `${systemNames.CUSTOMCRM} wins`,
  EXACT: `${systemNames.EXACT} wins`,
  MANUAL: "a person decides",
};

export const kindWords: { readonly [K in CanonicalKind]: string } = {
  text: "text",
  lines: "text of several lines",
  email: "e-mail address",
  phone: "phone number",
  country: "country code",
  code: "code",
  date: "date",
  reference: "reference",
};

export const originWords: { readonly [A in RowDetails["attested"]]: string } = {
  attested: "sister documents",
  inferred: "several documents, by inference",
  ours: "this product",
};

/** The key of the word, the other way round; undefined for a word that is none of these. */
export const meaning = <K extends string>(words: { readonly [key in K]: string }, word: string): K | undefined =>
  (Object.keys(words) as K[]).find((key) => words[key] === word);

export const headers = {
  field: "Field",
  holds: "Holds",
  direction: "Direction",
  conflict: "On Conflict",
  origin: "Known From",
  overrides: ["Setting", "As Shipped", "At This Site"],
} as const;
