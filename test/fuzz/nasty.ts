import fc from "fast-check";

/** Texts that break what was not thought through: control characters, right-to-left, 4 bytes, halves of them, what looks like something else. */
const nastyTexts = [
  "",
  " ",
  "\u0000",
  "a\u0007b\u001b[31mc",
  "\r\n\r\nx: y",
  "\u2028\u2029\u0085",
  "\ufeffname",
  "\u202eeman\u202c",
  "שלום עולם",
  "👩‍👩‍👧‍👦𝒜𐍈",
  "\ud83d",
  "\udc00x",
  "e\u0301".repeat(50),
  "NaN",
  "-Infinity",
  "1e999",
  "0x10",
  "null",
  "__proto__",
  "constructor",
  "toString",
  "<script>alert(1)</script>",
  "' or 1 eq 1 or '",
  "guid'00000000-0000-0000-0000-000000000000'",
  "00000000-0000-0000-0000-000000000000",
  "/Date(9e99)/",
  "/Date(-99999999999999999)/",
  "9999-99-99",
  "2026-02-30T25:61:61Z",
  "../../../etc/passwd",
  "%00%ff%",
  "{{7*7}}",
  "x".repeat(20_000),
  "𝒜".repeat(5_000),
];

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nastyTexts) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);

/** `[[[…]]]`, deeper than anybody means. */
const deep = fc.integer({ min: 2, max: 100 }).map((depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown);

/** Any JSON, and much of it hostile. */
export const nastyJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: nastyText },
  { weight: 3, arbitrary: fc.constantFrom(null, true, false, 0, -0, 1, -1, 2 ** 31, 2 ** 53, 1e308, -1e-308, [], {}, [null], [[]], { a: {} }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown> },
  { weight: 1, arbitrary: deep },
);

type Path = readonly (string | number)[];

/** Every place in a JSON value, its own included. */
function placesIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, Array.isArray(value) ? Number(key) : key]))];
}

export type Mutation = { readonly kind: "put"; readonly value: unknown } | { readonly kind: "drop" } | { readonly kind: "double" };

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: nastyJson.map((value): Mutation => ({ kind: "put", value })) },
  { weight: 1, arbitrary: fc.constantFrom<Mutation>({ kind: "drop" }, { kind: "double" }) },
);

/** The value with one place changed: something else put there, taken out, or there twice. `at` picks the place. */
export function mutated(value: unknown, at: number, what: Mutation): unknown {
  const places = placesIn(value);
  return changed(value, places[at % places.length] ?? [], what);
}

function changed(value: unknown, [step, ...rest]: Path, what: Mutation): unknown {
  if (step === undefined) return what.kind === "put" ? what.value : what.kind === "double" ? [value, value] : undefined;
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => {
      if (i !== step) return [item];
      if (rest.length > 0) return [changed(item, rest, what)];
      return what.kind === "drop" ? [] : what.kind === "double" ? [item, item] : [what.value];
    });
  }
  const entries = Object.entries(value as object).flatMap(([key, inner]) => {
    const now = key === step ? changed(inner, rest, what) : inner;
    return now === undefined ? [] : [[key, now]];
  });
  return Object.fromEntries(entries);
}
