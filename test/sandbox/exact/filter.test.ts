import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorText, startTestSandbox, type TestSandbox } from "./helpers.js";

let test: TestSandbox;
const ids: Record<string, string> = {};
beforeAll(async () => {
  test = await startTestSandbox({ mandatoryFilter: false });
  const make = (name: string, values: object) => {
    ids[name] = test.sandbox.core.createAccount({ Name: name, ...values });
  };
  make("Anna's Bakery", { Email: "anna@x.nl", City: "Gent", Country: "BE", Status: "C", SecurityLevel: 5, Blocked: true });
  make("Bouwbedrijf De Vries", { Email: "info@devries.nl", City: "Utrecht", Country: "NL", SearchCode: "VRIES" });
  await test.clock.advance(60_000);
  make("bakkerij", { City: "UTRECHT", Country: "NL", Latitude: 52.09 });
});
afterAll(() => test.sandbox.stop());

const names = async (filter: string) =>
  (await test.rows(`crm/Accounts?$select=Name&$filter=${encodeURIComponent(filter)}`)).map(({ Name }: { Name: string }) => Name).sort();
const refusal = async (filter: string) => {
  const answer = await test.get(`crm/Accounts?$select=Name&$filter=${encodeURIComponent(filter)}`);
  return answer.status === 400 ? errorText(answer) : `status ${answer.status}`;
};

const anna = "Anna's Bakery";
const vries = "Bouwbedrijf De Vries";

describe("$filter finds", () => {
  it.each([
    ["a text, blind to case as the database is", "City eq 'utrecht'", [vries, "bakkerij"]],
    ["a text with a quote", "Name eq 'Anna''s Bakery'", [anna]],
    ["a padded text without its spaces at the end", "Country eq 'BE'", [anna]],
    ["a padded text with them", "Country eq 'BE '", [anna]],
    ["a code with the spaces before it", "Code eq '           0000002'", [vries]],
    ["no code without them", "Code eq '0000002'", []],
    ["a trimmed code", "trim(Code) eq '0000002'", [vries]],
    ["what differs, but not what is empty", "Email ne 'anna@x.nl'", [vries]],
    ["what is empty", "Email eq null", ["bakkerij"]],
    ["what is not empty", "Email ne null", [anna, vries]],
    ["a flag", "Blocked eq true", [anna]],
    ["a part of a text", "substringof('bak', Name)", [anna, "bakkerij"]],
    ["a part of a text, compared with true", "substringof('bak',Name) eq true", [anna, "bakkerij"]],
    ["a beginning", "startswith(Name,'Bouw')", [vries]],
    ["a beginning that is not there", "startswith(Name,'edrijf') eq true", []],
    ["both of two", "Country eq 'NL' and startswith(Name,'b')", [vries, "bakkerij"]],
    ["and before or", "Country eq 'BE' or Country eq 'NL' and Email eq null", [anna, "bakkerij"]],
    ["brackets before and", "(Country eq 'BE' or Country eq 'NL') and Email eq null", ["bakkerij"]],
    ["nested brackets", "((City eq 'Gent') or ((City eq 'Utrecht') and (Email ne null)))", [anna, vries]],
    ["texts by their order", "City lt 'h'", [anna]],
    ["a time by the clock on the wall", "Created ge datetime'2026-06-25T14:15:00'", ["bakkerij"]],
    ["a time with a fraction", "Created eq datetime'2026-06-25T14:14:02.26'", [anna, vries]],
    ["a time of UTC, shifted", "Created ge datetime'2026-06-25T12:15:00Z'", ["bakkerij"]],
    ["a range", "Modified gt datetime'2026-06-25T14:14:02' and Modified le datetime'2026-06-25T14:14:03'", [anna, vries]],
    ["a day", "StartDate eq datetime'2026-06-25'", [anna, vries, "bakkerij"]],
  ])("%s: %s", async (_what, filter, found) => {
    expect(await names(filter)).toEqual([...found].sort());
  });

  it("a guid, in any case", async () => {
    expect(await names(`ID eq guid'${ids[anna]}'`)).toEqual([anna]);
    expect(await names(`ID eq guid'${ids[anna]?.toUpperCase()}'`)).toEqual([anna]);
    expect(await names(`ID ne guid'${ids[anna]}'`)).toEqual([vries, "bakkerij"]);
  });

  it("many ids at once, and with them only what else is asked", async () => {
    expect(await names(`ID eq guid'${ids[anna]}' or ID eq guid'${ids[vries]}' or ID eq guid'11111111-1111-1111-1111-111111111111'`)).toEqual([anna, vries]);
    expect(await names(`(ID eq guid'${ids[anna]}' or ID eq guid'${ids[vries]}') and City eq 'Gent'`)).toEqual([anna]);
    expect(await names(`ID eq guid'${ids[anna]}' or City eq 'Utrecht'`)).toEqual([anna, vries, "bakkerij"]);
  });
});

describe("$filter refuses", () => {
  const syntax = "Bad Request - Error in query syntax.";
  it.each([
    ["nothing", "", syntax],
    ["blanks", "  ", syntax],
    ["an open bracket", "(Name eq 'x'", syntax],
    ["an open quote", "Name eq 'x", syntax],
    ["a missing value", "Name eq", syntax],
    ["two filters without and", "Name eq 'x' City eq 'y'", syntax],
    ["an unknown operator", "Name like 'x'", syntax],
    ["a text that is no condition", "Name", syntax],
    ["another sign", "Name eq 'x' & 1", syntax],
    ["a guid written as text", "ID eq 'x'", "Operator 'eq' incompatible with operand types 'Edm.Guid' and 'Edm.String' at position 3."],
    ["a text compared with a number", "Name eq 5", "Operator 'eq' incompatible with operand types 'Edm.String' and 'Edm.Int32' at position 5."],
    ["flags in an order", "Blocked gt true", "Operator 'gt' incompatible with operand types 'Edm.Boolean' and 'Edm.Boolean' at position 8."],
    ["a guid that is none", "ID eq guid'12'", "Unrecognized 'Guid' literal at position 6."],
    ["a day that is none", "Created ge datetime'2026-02-30T00:00:00'", "Unrecognized 'DateTime' literal at position 11."],
    ["a property that is none", "Naam eq 'x'", "No property 'Naam' exists in type 'Exact.Web.Api.Models.Account' at position 0."],
    ["a function that is none", "tolower(Name) eq 'x'", "Unknown function 'tolower' at position 0."],
    ["a function without its parts", "startswith(Name)", "No applicable function found for 'startswith' at position 0 with the specified arguments."],
    ["a property compared with another", "Name eq City", "This $filter parameter is not supported for this resource"],
    ["a path through another record", "MainContact/Email eq 'x'", "This $filter parameter is not supported for this resource"],
    ["a property that can't be filtered by", "Website eq 'x'", "Filtering on these fields is not supported: Website"],
    ["several of them", "Website eq 'x' or Remarks eq 'y' or Name eq 'z'", "Filtering on these fields is not supported: Website, Remarks"],
  ])("%s: %s", async (_what, filter, sentence) => {
    expect(await refusal(filter)).toBe(sentence);
  });
});
