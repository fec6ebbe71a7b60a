import { afterEach, describe, expect, it } from "vitest";
import { type ExactSettings, exactSettings } from "../../../src/sandbox/exact/index.js";
import { begin, minuteMs, type Reply, startTestSandbox, type TestSandbox } from "./helpers.js";

let test: TestSandbox;
afterEach(() => test.sandbox.stop());
const start = async (settings: Partial<ExactSettings>) => {
  test = await startTestSandbox(settings);
  return test;
};

const minutely = ({ headers }: Reply) => ["Limit", "Remaining", "Reset"].map((name) => headers.get(`X-RateLimit-Minutely-${name}`));
const daily = ({ headers }: Reply) => ["Limit", "Remaining", "Reset"].map((name) => headers.get(`X-RateLimit-${name}`));
const call = () => test.get("crm/Contacts?$select=ID&$top=1");
const times = async (count: number) => {
  for (let made = 0; made < count; made++) await call();
};

const midnight = Date.UTC(2026, 5, 26);
const nextMinute = Math.ceil(begin / minuteMs) * minuteMs;

describe("the limits", () => {
  it("are told with every answer, their ends in milliseconds since 1970", async () => {
    await start({ minuteLimit: 60, dayLimit: 5000 });
    const answer = await call();
    expect(minutely(answer)).toEqual(["60", "59", String(nextMinute)]);
    expect(daily(answer)).toEqual(["5000", "4999", String(midnight)]);
  });

  it("end a minute's calls with 429 and the minute's headers alone, until the clock's next minute", async () => {
    await start({ minuteLimit: 3, dayLimit: 100 });
    await times(3);
    const refused = await call();
    expect([refused.status, refused.text]).toEqual([429, ""]);
    expect(minutely(refused)).toEqual(["3", "0", String(nextMinute)]);
    expect(daily(refused)).toEqual([null, null, null]);
    await test.clock.advance(nextMinute - begin - 1);
    expect((await call()).status).toBe(429);
    await test.clock.advance(1);
    expect(minutely(await call())).toEqual(["3", "2", String(nextMinute + minuteMs)]);
  });

  it("do not count what they refuse", async () => {
    await start({ minuteLimit: 2, dayLimit: 100 });
    await times(5);
    await test.clock.advance(minuteMs);
    expect(daily(await call())[1]).toBe("97");
  });

  it("end a day's calls with 429 and the day's headers alone, until midnight of UTC", async () => {
    await start({ minuteLimit: 60, dayLimit: 2 });
    await times(2);
    const refused = await call();
    expect(refused.status).toBe(429);
    expect(daily(refused)).toEqual(["2", "0", String(midnight)]);
    expect(minutely(refused)).toEqual([null, null, null]);
    await test.clock.advance(midnight - begin);
    expect((await call()).status).toBe(200);
  });

  it("count a refused query, and do not count Me", async () => {
    await start({ minuteLimit: 60, dayLimit: 10 });
    expect(daily(await test.get("crm/Contacts?$select=Nonsense"))[1]).toBe("9");
    const me = await test.get("/api/v1/current/Me");
    expect([me.status, daily(me)[0]]).toEqual([200, null]);
    expect(daily(await call())[1]).toBe("8");
  });

  it("can be switched off, and end with the contract's fair use without a header", async () => {
    await start({ fairUseLimit: 2 });
    expect(minutely(await call())).toEqual([null, null, null]);
    await times(1);
    const refused = await call();
    expect([refused.status, ...daily(refused), ...minutely(refused)]).toEqual([429, null, null, null, null, null, null]);
  });

  it("may come without headers, with a body and with Retry-After", async () => {
    await start({ minuteLimit: 1, throttledHeaders: false, throttledBody: "json", retryAfter: true });
    await times(1);
    const refused = await call();
    expect(refused.headers.get("retry-after")).toBe(String(Math.ceil((nextMinute - begin) / 1000)));
    expect(minutely(refused)).toEqual([null, null, null]);
    expect(refused.body.error.message.value).toBeTruthy();
  });
});

describe("errors", () => {
  const fail = () => test.get("crm/Contacts?$select=Nonsense");
  const failOften = async (count: number) => {
    const statuses = [];
    for (let made = 0; made < count; made++) statuses.push((await fail()).status);
    return statuses;
  };

  it("block an endpoint from the eleventh within an hour, for an hour, and no other endpoint", async () => {
    await start({ errorLimit: 10 });
    expect(await failOften(11)).toEqual(Array(11).fill(400));
    expect((await call()).status).toBe(429);
    expect((await test.get("bulk/CRM/Contacts?$select=ID")).status).toBe(200);
    await test.clock.advance(60 * minuteMs - 1);
    expect((await call()).status).toBe(429);
    await test.clock.advance(1);
    expect((await call()).status).toBe(200);
  });

  it("that are an hour apart block nothing", async () => {
    await start({ errorLimit: 3 });
    await failOften(3);
    await test.clock.advance(60 * minuteMs);
    await failOften(3);
    expect((await call()).status).toBe(200);
  });

  it("block for longer when they come again", async () => {
    await start({ errorLimit: 1 });
    await failOften(2);
    await test.clock.advance(60 * minuteMs);
    await failOften(2);
    await test.clock.advance(60 * minuteMs);
    expect((await call()).status).toBe(429);
    await test.clock.advance(60 * minuteMs);
    expect((await call()).status).toBe(200);
  });

  it.each([
    ["an unknown record", () => test.get("crm/Contacts(guid'11111111-1111-1111-1111-111111111111')"), true],
    ["an expired token", () => test.get("crm/Contacts", { authorization: `Bearer ${expired}` }), true],
    ["a missing scope", () => withoutScope(() => test.get("crm/Contacts")), true],
    ["a business refusal", () => test.api("POST", "crm/Contacts", { body: {} }), false],
    ["a wrong verb", () => test.api("PUT", "crm/Contacts", { body: {} }), false],
  ] as const)("count %s: %#", async (_what, cause, isCounted) => {
    await start({ errorLimit: 1 });
    const { access_token } = await test.consent();
    expired = access_token;
    await test.clock.advance(11 * minuteMs);
    await cause();
    await cause();
    expect((await call()).status).toBe(isCounted ? 429 : 200);
  });

  let expired = "";
  const withoutScope = async (go: () => Promise<Reply>) => {
    test.sandbox.settings.scopes = [];
    const answer = await go();
    test.sandbox.settings.scopes = ["crm accounts"];
    return answer;
  };
});

describe("what is too long", () => {
  it("is an address of more than 6,000 characters", async () => {
    await start({});
    const terms = (count: number) => Array.from({ length: count }, () => "FirstName eq 'abcdefghijklmnopqrstuvwxyz'").join(" or ");
    expect((await test.get(`crm/Contacts?$filter=${terms(90)}`)).status).toBe(200);
    expect((await test.get(`crm/Contacts?$filter=${terms(120)}`)).status).toBe(414);
  });

  it("is a body of more than 10 MB", async () => {
    await start({});
    const body = { LastName: "x".repeat(10 * 1024 * 1024) };
    expect((await test.api("POST", "crm/Contacts", { body })).status).toBe(413);
  });
});

it("a new sandbox has Exact's own limits", async () => {
  test = await startTestSandbox();
  expect(exactSettings()).toMatchObject({ minuteLimit: 60, dayLimit: 5_000, errorLimit: 10, fairUseLimit: 20_000 });
});
