import { expect, it } from "vitest";
import { InvalidInputError } from "../../src/domain/errors.js";
import { Sealer } from "../../src/store/sealer.js";

const sealer = new Sealer("correct horse", "tenant");

it("opens what it sealed, and never seals a text alike twice", () => {
  const envelopes = [sealer.seal("token", "geheim €"), sealer.seal("token", "geheim €")];
  expect(envelopes.map((one) => sealer.open("token", one))).toEqual(["geheim €", "geheim €"]);
  expect(envelopes[0]).not.toBe(envelopes[1]);
  expect(envelopes.join()).not.toContain("geheim");
});

it("opens with a former key what was sealed before a new one came, and seals with the new one", () => {
  const rotated = new Sealer(["new key", "correct horse"], "tenant");
  expect(rotated.open("token", sealer.seal("token", "x"))).toBe("x");
  expect(() => sealer.open("token", rotated.seal("token", "x"))).toThrow(InvalidInputError);
  expect(new Sealer("new key", "tenant").open("token", rotated.seal("token", "x"))).toBe("x");
});

const altered = (envelope: string, part: number) =>
  envelope
    .split(".")
    .map((one, i) => (i === part ? `${one.startsWith("A") ? "B" : "A"}${one.slice(1)}` : one))
    .join(".");

it.each([
  ["under another name", (envelope: string) => () => sealer.open("other", envelope)],
  ["for another tenant", (envelope: string) => () => new Sealer("correct horse", "other").open("token", envelope)],
  ["with another key", (envelope: string) => () => new Sealer("wrong", "tenant").open("token", envelope)],
  ["when its nonce was changed", (envelope: string) => () => sealer.open("token", altered(envelope, 2))],
  ["when its tag was changed", (envelope: string) => () => sealer.open("token", altered(envelope, 3))],
  ["when its text was changed", (envelope: string) => () => sealer.open("token", altered(envelope, 4))],
  ["when its tag was cut", (envelope: string) => () => sealer.open("token", envelope.replace(/^((?:[^.]+\.){3})[^.]+/, "$1AAAA"))],
  ["when it is no envelope", () => () => sealer.open("token", "plain text")],
])("does not open %s", (_, opening) => {
  expect(opening(sealer.seal("token", "secret"))).toThrow(InvalidInputError);
});

it.each(["", []])("refuses %j as a key", (key) => {
  expect(() => new Sealer(key, "tenant")).toThrow("ENCRYPTION_KEY must not be empty");
});
