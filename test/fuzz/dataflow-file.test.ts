import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { parseDataflowFile } from "../../src/dataflow-file.js";
import { documentOf, documentWriters } from "../../src/document/index.js";
import { dataflows } from "../../src/domain/dataflow.js";
import { InvalidInputError } from "../../src/domain/errors.js";
import { entityTypes } from "../../src/domain/words.js";
import { mutated, mutation, nastyJson, nastyText } from "./nasty.js";

const valid = `dataflows:
  ACCOUNT:
    create: { toExact: { when: { field: country, equals: NL }, reason: "Only at home." }, toCustomcrm: { whenReferenced: [CONTACT] } }
    match: [[vatNumber], [email, name]]
    delete: ARCHIVE
    conflict: CUSTOMCRM
    fields:
      phone: { direction: TO_EXACT, conflict: MANUAL, customcrmProperty: Telephone }
      fax: { off: true }
  CONTACT: { match: none, delete: PROPAGATE }
  PRODUCT: { exact: Items, create: { toExact: never }, fields: { description: { off: true } } }
products: { defaultAccount: 0f8fad5b-d9cb-469f-a165-70867728950e }
guards: { deletions: { count: 5, percent: 1.5 }, creates: { count: 0, percent: 100 }, emptySideLinks: 3 }
clockToleranceSeconds: 60
`;

/** Taken whole and of use, or refused with a list of faults that each say where. */
function takenOrTold(text: string): void {
  const lines = text.split("\n").length;
  try {
    const { flows } = parseDataflowFile(text);
    expect(flows.map((flow) => flow.type)).toEqual(entityTypes);
    for (const { rows } of flows) expect(new Set(rows.map((row) => row.customcrm)).size).toBe(rows.length);
    documentWriters.rst(documentOf(flows, { from: "CUSTOMCRM", shipped: dataflows, now: 0 }));
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    for (const fault of error.message.split("\n")) {
      const line = /^dataflow\.yml:(\d+): .+$/.exec(fault)?.[1];
      expect(Number(line), fault).toBeGreaterThan(0);
      expect(Number(line), fault).toBeLessThanOrEqual(lines);
    }
  }
}

describe("any dataflow.yml is taken whole, or refused with every fault by its line", () => {
  it("as it is", () => {
    expect(() => parseDataflowFile(valid)).not.toThrow();
    takenOrTold(valid);
  });

  it("with one value or name changed", () => {
    const given = parse(valid) as object;
    const json = fc.property(fc.nat(), mutation, (at, what) => takenOrTold(stringify(mutated(given, at, what) ?? null, { aliasDuplicateObjects: false })));
    fc.assert(json, { numRuns: 120 });
  });

  it("with a piece of its text taken out, doubled, or replaced", () => {
    const piece = fc.oneof(
      nastyText,
      fc.constantFrom("*a", "&a ", "!!set ", "? ", "- ", "[", "}", ":", "\t", "<<: ", "|", "%YAML", "---\n", "...\n", "#", '"'),
    );
    const cut = fc.tuple(fc.nat(valid.length), fc.nat(30), fc.array(piece, { maxLength: 3 }));
    fc.assert(
      fc.property(cut, ([from, length, pieces]) => takenOrTold(valid.slice(0, from) + pieces.join("") + valid.slice(from + length))),
      { numRuns: 120 },
    );
  });

  it("and when it is something else altogether", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nastyText,
          nastyJson.map((value) => JSON.stringify(value)),
        ),
        takenOrTold,
      ),
      { numRuns: 100 },
    );
  });
});
