import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const text = readFileSync("SYNC.md", "utf8");
const rows = [...text.matchAll(/^\| ([RI]\d+) \| (.+) \|$/gm)].map(([, promise = "", held = ""]) => ({ promise, held }));

describe("SYNC.md", () => {
  it("names for each rule and each invariant the test that holds it, once", () => {
    const rules = [...text.matchAll(/^\*\*(R\d+) /gm)].map(([, rule]) => rule);
    expect(rules).toHaveLength(16);
    expect(rows.map(({ promise }) => promise)).toEqual([...rules, ...Array.from({ length: 11 }, (_, i) => `I${i + 1}`)]);
  });

  it.each(rows)("$promise is held by tests that are there, under the names that it gives", ({ held }) => {
    const files = [...held.matchAll(/`([^`]+)`(?:: ((?:"[^"]+"(?:, )?)+))?/g)];
    expect(files.length).toBeGreaterThan(0);
    for (const [, path = "", names = ""] of files) {
      expect(existsSync(path), path).toBe(true);
      const source = readFileSync(path, "utf8");
      for (const [, name = ""] of names.matchAll(/"([^"]+)"/g)) expect(source.includes(name), `${path} has a test "${name}"`).toBe(true);
    }
  });
});
