import type { CanonicalKind } from "../domain/canonical.js";

/** A value that systems have been seen to stumble over, and its name for the report. */
export interface Awkward {
  readonly name: string;
  readonly value: string;
}

/**
 * Awkward values of a kind, none longer than `maxLength`. `tag`, as `C7`, tells those of one side from those of the
 * other, and each field's from its neighbours': two that are crossed must not look alike. A reference has none: what it may
 * hold are records.
 */
export function awkwardValues(kind: CanonicalKind, maxLength: number | null, tag: string): readonly Awkward[] {
  const longest = maxLength === null ? [] : [{ name: `${maxLength} characters`, value: longValue(kind, maxLength, tag) }];
  const all = [...(values[kind]?.(tag) ?? []), ...(kind === "date" || kind === "country" || kind === "reference" ? [] : longest)];
  return all.filter(({ value }) => maxLength === null || value.trim().length <= maxLength);
}

/** As long as asked, and of the kind as far as that can be said of it. */
export function longValue(kind: CanonicalKind, length: number, tag: string): string {
  if (kind === "phone") return digits(tag).repeat(length).slice(0, length);
  if (kind !== "email") return tag.repeat(Math.ceil(length / tag.length)).slice(0, length);
  const end = "@qa.example.nl";
  return `${tag.toLowerCase().repeat(length)}`.slice(0, Math.max(1, length - end.length)) + end;
}

const digits = (tag: string): string => (tag.startsWith("C") ? "1" : "2") + tag.slice(1).padStart(2, "0");

const texts = (tag: string): readonly Awkward[] => [
  { name: "plain", value: `Plain ${tag}` },
  { name: "padded", value: `  padded ${tag}  ` },
  { name: "quotes", value: `"${tag}" 'n' O'Neill` },
  { name: "&, <, >", value: `${tag} & R&D <b>` },
  { name: "emoji, accents", value: `${tag} ☀️ 😀 e\u0301é ø` },
  { name: "%, +, #, \\", value: `100% + #1 \\ ${tag}` },
];

const codes = (tag: string): readonly Awkward[] => [
  { name: "plain", value: `QA ${tag}1` },
  { name: "padded", value: `  QA-${tag}2 ` },
  { name: "leading zeros", value: `000${tag}` },
];

const values: { readonly [K in CanonicalKind]?: (tag: string) => readonly Awkward[] } = {
  text: texts,
  lines: (tag) => [...texts(tag), { name: "lines of Windows", value: `first ${tag}\r\n\r\nthird` }, { name: "lines", value: `first ${tag}\n\tsecond` }],
  code: codes,
  email: (tag) => [
    { name: "plain", value: `plain.${tag.toLowerCase()}@example.nl` },
    { name: "padded", value: `  padded.${tag.toLowerCase()}@example.nl ` },
    { name: "quotes", value: `o'neill.${tag.toLowerCase()}@example.nl` },
    { name: "&, +", value: `r&d+${tag.toLowerCase()}@example.nl` },
    { name: "capitals", value: `Capital.${tag}@Example.nl` },
  ],
  phone: (tag) => [
    { name: "plain", value: `+31 20 555 01${digits(tag)}` },
    { name: "padded", value: `  020-55503${digits(tag)} ` },
    { name: "leading zeros", value: `0031205505${digits(tag)}` },
  ],
  country: (tag) => [
    { name: "plain", value: tag.startsWith("C") ? "BE" : "DE" },
    { name: "another", value: tag.startsWith("C") ? "FR" : "NL" },
  ],
  // Clocks go forward and back in these nights, and a date read in another zone would be the day before.
  date: (tag) => [
    { name: "clocks go forward", value: tag.startsWith("C") ? "1985-03-31" : "2024-03-31" },
    { name: "clocks go back", value: tag.startsWith("C") ? "1985-09-29" : "2024-10-27" },
    { name: "leap day", value: tag.startsWith("C") ? "2000-02-29" : "1996-02-29" },
    { name: "new year", value: tag.startsWith("C") ? "1970-01-01" : "1999-12-31" },
  ],
};
