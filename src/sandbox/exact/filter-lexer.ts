import { parseWall } from "./dates.js";
import { isGuid } from "./guid-order.js";
import { badQuery } from "./refusal.js";
import type { Cell } from "./types.js";

/** The types of literals, as error messages name them. */
export type LiteralType = "Guid" | "DateTime" | "String" | "Int32" | "Int64" | "Double" | "Boolean" | "Null";

export type Token = { readonly at: number } & (
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "literal"; readonly type: LiteralType; readonly value: Cell }
  | { readonly kind: "(" | ")" | "," | "/" | "end" }
);

const rules: readonly [RegExp, (found: RegExpExecArray, at: number) => Token | null][] = [
  [/\s+/y, () => null],
  [/guid'([^']*)'/y, ([, text = ""], at) => literal("Guid", isGuid(text) ? text.toLowerCase() : null, at)],
  [/datetime'([^']*)'/y, ([, text = ""], at) => literal("DateTime", parseWall(text), at)],
  [/'((?:[^']|'')*)'/y, ([, text = ""], at) => literal("String", text.replaceAll("''", "'"), at)],
  [/(-?\d+)L\b/iy, ([, digits], at) => literal("Int64", Number(digits), at)],
  [/-?\d+\.\d+(?:[eE][+-]?\d+)?[dDmM]?|-?\d+[dDmM]\b/y, ([text], at) => literal("Double", Number(text.replace(/[dDmM]$/, "")), at)],
  [/-?\d+(?![\w.])/y, ([digits], at) => literal("Int32", Number(digits), at)],
  [/[A-Za-z_]\w*/y, ([text], at) => word(text, at)],
  [/[(),/]/y, ([sign], at) => ({ kind: sign as "(" | ")" | "," | "/", at })],
];

/** A filter's text as tokens; `at` is the position that errors name. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const next = tokenAt(text, at);
    if (next.token) tokens.push(next.token);
    at = next.end;
  }
  return [...tokens, { kind: "end", at: text.length }];
}

function tokenAt(text: string, at: number): { token: Token | null; end: number } {
  for (const [pattern, make] of rules) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { token: make(found, at), end: pattern.lastIndex };
  }
  throw badQuery();
}

function literal(type: LiteralType, value: Cell, at: number): Token {
  if (value === null) throw badQuery(`Unrecognized '${type}' literal at position ${at}.`);
  return { kind: "literal", type, value, at };
}

function word(text: string, at: number): Token {
  if (text === "true" || text === "false") return { kind: "literal", type: "Boolean", value: text === "true", at };
  return text === "null" ? { kind: "literal", type: "Null", value: null, at } : { kind: "word", text, at };
}
