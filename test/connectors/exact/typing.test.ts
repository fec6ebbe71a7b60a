import { describe, expect, it } from "vitest";
import { WallClock } from "../../../src/connectors/exact/dates.js";
import { encodeTyped } from "../../../src/connectors/exact/mapping.js";

/** What does not compile: each line below is checked by the compiler, and by the run. */
describe("properties that may not be written do not compile", () => {
  const clock = new WallClock("Europe/Amsterdam");

  it("and are refused when they come at run time", () => {
    // @ts-expect-error Exact has no such property
    expect(() => encodeTyped("Accounts", "update", { Nmae: "x" }, clock)).toThrow();
    // @ts-expect-error a code that is sent again is refused as taken
    expect(() => encodeTyped("Accounts", "update", { Code: "1" }, clock)).toThrow();
    // @ts-expect-error derived
    expect(() => encodeTyped("Accounts", "update", { IsSales: true }, clock)).toThrow();
    // @ts-expect-error overwrites the last name
    expect(() => encodeTyped("Contacts", "update", { BirthName: "x" }, clock)).toThrow();
    // @ts-expect-error overwrites the middle name
    expect(() => encodeTyped("Contacts", "create", { BirthNamePrefix: "x" }, clock)).toThrow();
    // @ts-expect-error the server's to give
    expect(() => encodeTyped("Contacts", "create", { ID: "00000000-0000-4000-8000-000000000001" }, clock)).toThrow();
    // @ts-expect-error a copy of the account's
    expect(() => encodeTyped("Contacts", "update", { City: "Delft" }, clock)).toThrow();
  });

  it("and the others do", () => {
    expect(encodeTyped("Accounts", "create", { Code: "1", Name: "Ann", Status: "C" }, clock)).toEqual({ Code: "1", Name: "Ann", Status: "C" });
    expect(encodeTyped("Contacts", "update", { LastName: "Ann", BirthDate: "2000-01-31" }, clock)).toEqual({
      LastName: "Ann",
      BirthDate: "2000-01-31T00:00:00",
    });
  });
});
