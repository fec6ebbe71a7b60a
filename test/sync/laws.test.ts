import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CanonicalKind, canonical, type Fields } from "../../src/domain/canonical.js";
import { dataflows, fieldsOf, propertiesOf, propertyOf } from "../../src/domain/dataflow.js";
import type { PropertyValue } from "../../src/domain/record.js";
import { systems } from "../../src/domain/words.js";
import { recordOf } from "./decide-helpers.js";

/** Every mapped field of every dataflow, in both systems. */
const mapped = dataflows.flatMap((flow) =>
  flow.rows.flatMap((row) => systems.map((system) => ({ name: `${flow.type} ${row.field} in ${system} (${propertyOf(row, system)})`, flow, row, system }))),
);

const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: "grapheme", maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom("\ud83d", "a\udc00b") },
);
const raw: Record<CanonicalKind, fc.Arbitrary<PropertyValue>> = {
  text,
  lines: fc.array(text, { maxLength: 3 }).chain((lines) => fc.constantFrom("\n", "\r\n", "\r").map((end) => lines.join(end))),
  email: fc.emailAddress(),
  phone: fc.stringMatching(/^\+?[0-9 ()-]{0,15}$/),
  country: fc.constantFrom("NL", "be ", " fr", "NO"),
  code: fc.stringMatching(/^ {0,3}[A-Z0-9.]{0,12} {0,3}$/),
  date: fc.date({ min: new Date("1900-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  reference: fc.uuid(),
};

/** What the systems make of a value that was sent, and which is still the same value. */
const normalisers: Record<CanonicalKind, readonly ((value: string) => PropertyValue)[]> = {
  text: [padded, decomposed, kept],
  lines: [padded, decomposed, kept, (value) => value.replace(/\n/g, "\r\n"), (value) => `${value}\r\n`],
  email: [padded],
  phone: [padded],
  country: [padded, (value) => value.padEnd(3), (value) => value.toLowerCase()],
  code: [padded, (value) => value.padStart(18)],
  date: [padded, (value) => (value === "" ? "" : `${value}T00:00:00.000Z`)],
  reference: [padded],
};
function padded(value: string): string {
  return `  ${value} `;
}
/** As Redis has it, which keeps UTF-8: a half of a character can't be said in it. */
function kept(value: string): string {
  return Buffer.from(value).toString();
}
function decomposed(value: string): string {
  return value.normalize("NFD");
}

describe.each(mapped)("$name", ({ flow, row, system }) => {
  const read = (value: PropertyValue) => fieldsOf(flow, { ...recordOf(flow, system, "1", {}), properties: { [propertyOf(row, system)]: value } })[row.field];
  const anything = fc.oneof(raw[row.kind], fc.constantFrom(null, "", "   "));

  it("get-put: writing back what was read changes nothing", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const fields: Fields = { [row.field]: read(value) ?? null };
        const written = propertiesOf(flow, system, fields)[propertyOf(row, system)] ?? null;
        expect(read(written)).toBe(fields[row.field]);
      }),
    );
  });

  it("put-get: what is written is what is read", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const clean = canonical(row.kind, value);
        expect(read(propertiesOf(flow, system, { [row.field]: clean })[propertyOf(row, system)] ?? null)).toBe(clean);
      }),
    );
  });

  it("normaliser: what a system makes of it by habit is the same value", () => {
    fc.assert(
      fc.property(anything, fc.nat(), (value, which) => {
        const clean = canonical(row.kind, value);
        const habit = normalisers[row.kind][which % normalisers[row.kind].length] ?? padded;
        expect(read(clean === null ? "" : habit(clean))).toBe(clean);
      }),
    );
  });

  it("an absent property, null and empty text are no value", () => {
    expect([read(null), read(""), read(" \r\n ")]).toEqual([null, null, null]);
    expect(fieldsOf(flow, { ...recordOf(flow, system, "1", {}), properties: {} })[row.field]).toBeNull();
  });
});

describe("the table as a whole", () => {
  it.each(dataflows.map((flow) => ({ type: flow.type, flow })))("$type: a write names only the properties of the fields it is given", ({ flow }) => {
    const names = flow.rows.map((row) => row.field);
    fc.assert(
      fc.property(fc.subarray(names), (some) => {
        const fields = Object.fromEntries(some.map((name) => [name, null]));
        for (const system of systems) {
          const expected = flow.rows.filter((row) => some.includes(row.field)).map((row) => propertyOf(row, system));
          expect(Object.keys(propertiesOf(flow, system, fields)).sort()).toEqual(expected.sort());
        }
      }),
    );
  });

  it.each(dataflows.map((flow) => ({ type: flow.type, flow })))("$type: no two fields share a property", ({ flow }) => {
    for (const system of systems) {
      const properties = flow.rows.map((row) => propertyOf(row, system));
      expect(new Set(properties).size).toBe(properties.length);
    }
  });
});
