import type { SeedRow } from "../../../src/sandbox/seed/index.js";

/** A side's record with its keys by alternative; an alternative with an empty value is absent. */
export interface Keyed {
  readonly id: string;
  readonly keys: readonly (string | null)[];
}

export type Verdict = { readonly kind: "none" } | { readonly kind: "one"; readonly id: string; readonly alternative: number } | { readonly kind: "review" };

/**
 * R6 read from the design a second time, by trying every pair. It shares no code with the product or the seed: values are
 * compared as bare letters and digits of the Latin alphabet.
 */
export function verdictOf(record: Keyed, others: readonly Keyed[]): Verdict {
  const named = record.keys.map((key, at) => (key === null ? [] : others.filter((other) => other.keys[at] === key).map((other) => other.id)));
  const alternative = named.findIndex((ids) => ids.length > 0);
  const first = named[alternative];
  if (!first) return { kind: "none" };
  const [id, ...more] = first;
  if (id === undefined || more.length > 0 || named.slice(alternative).some((ids) => ids.some((other) => other !== id))) return { kind: "review" };
  return { kind: "one", id, alternative };
}

/** Links where both records name each other and nothing else. */
export function linksAmong(customcrm: readonly Keyed[], exact: readonly Keyed[]): { customcrm: string; exact: string; alternative: number }[] {
  const back = new Map(exact.map((record) => [record.id, verdictOf(record, customcrm)]));
  return customcrm.flatMap((record) => {
    const there = verdictOf(record, exact);
    if (there.kind !== "one") return [];
    const here = back.get(there.id);
    return here?.kind === "one" && here.id === record.id ? [{ customcrm: record.id, exact: there.id, alternative: there.alternative }] : [];
  });
}

export const accountAlternatives = ["vatNumber", "chamberOfCommerce+country", "email+name", "name+postcode"];
export const contactAlternatives = ["account+email", "account+firstName+lastName"];

export const customerKeys = (row: SeedRow): Keyed => ({
  id: String(row.Id),
  keys: [all(row.VatNumber), all(row.OrganisationNumber, row.Country), all(row.Email, row.Name), all(row.Name, row.ZipCode)],
});

export const accountKeys = (row: SeedRow): Keyed => ({
  id: String(row.ID),
  keys: [all(row.VATNumber), all(row.ChamberOfCommerce, row.Country), all(row.Email, row.Name), all(row.Name, row.Postcode)],
});

/** Contacts are matched within linked accounts: `home` gives one name to both records of a linked account, null to any other. */
export function contactKeys(id: string, row: SeedRow, home: string | null): Keyed {
  return { id, keys: home === null ? [null, null] : [all(home, row.Email), all(home, row.FirstName, row.LastName)] };
}

function all(...values: readonly (string | number | null | undefined)[]): string | null {
  const parts = values.map(bare);
  return parts.every((part) => part !== "") ? parts.join("|") : null;
}

const ligatures: Record<string, string> = { ø: "o", æ: "ae", œ: "oe", ß: "ss", ð: "d", ł: "l" };

function bare(value: string | number | null | undefined): string {
  return String(value ?? "")
    .toLowerCase()
    .normalize("NFD")
    .replace(/[øæœßðł]/g, (letter) => ligatures[letter] ?? letter)
    .replace(/[^a-z0-9@]/g, "");
}
