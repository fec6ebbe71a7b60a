import fc from "fast-check";
import { expect, it } from "vitest";
import { compareBytes, cursorOf, positionOf } from "../../src/store/cursors.js";

const text = fc.string({ unit: "grapheme" });

it("compares as the bytes of the texts compare", () => {
  fc.assert(fc.property(text, text, (a, b) => Math.sign(compareBytes(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b))));
  expect(compareBytes("\uFF5E", "\u{1F600}")).toBeLessThan(0);
});

it("gives back the position that a cursor was made of", () => {
  fc.assert(fc.property(text, text, (name, id) => positionOf("NAME_ASC", cursorOf("NAME_ASC", `${name}\0${id}`)) === `${name}\0${id}`));
});
