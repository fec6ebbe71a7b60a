import type { PropertyValue } from "./record.js";

/** A field's value freed of a system's habits; null means "no value". The only form in which values are compared. */
export type CanonicalValue = string | null;

/** Canonical values by field name. A reference field holds the id of what it refers to. */
export type Fields = { readonly [field: string]: CanonicalValue };

export type CanonicalKind = "text" | "lines" | "email" | "phone" | "country" | "code" | "date" | "reference";

/** Halves of characters, which JSON can carry and nothing that is kept as UTF-8 can. */
export const halves = /[\ud800-\udfff]/gu;

/** Idempotent, and blind to what systems do by habit: padding, "" for null, CRLF, decomposed accents, half characters. Case is kept. */
export function canonical(kind: CanonicalKind, value: PropertyValue | undefined): CanonicalValue {
  if (value === null || value === undefined) return null;
  const text = String(value).normalize("NFC").replace(halves, "\ufffd");
  const freed = (kind === "lines" ? text.replace(/\r\n?/g, "\n") : text).trim();
  if (freed === "") return null;
  if (kind === "country") return freed.toUpperCase();
  if (kind === "date") return freed.slice(0, 10);
  return freed;
}

/** What two values must share to be taken for the same when records are matched (R6); null never matches. */
export function matchKey(kind: CanonicalKind, value: CanonicalValue): string | null {
  if (value === null) return null;
  if (kind === "reference" || kind === "date") return value;
  const key = kind === "code" || kind === "phone" ? folded(value).replace(/[^\p{L}\p{N}]/gu, "") : folded(value);
  return key === "" ? null : key;
}

/** Lower case, without accents, spaces collapsed: how names are searched and sorted. */
export function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/ø/g, "o")
    .replace(/æ/g, "ae")
    .replace(/œ/g, "oe")
    .replace(/ł/g, "l")
    .replace(/đ/g, "d")
    .replace(/\s+/g, " ")
    .trim();
}
