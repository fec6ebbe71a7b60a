import { describe, expect, it } from "vitest";
import { exactBudgetRules as rules } from "../../../src/connectors/budget.js";
import { reportOf } from "../../../src/connectors/budget-headers.js";
import { type CallClass, callClasses } from "../../../src/connectors/connector.js";
import { applyAdmission, applyReport, type BudgetState, type CountedCall, decideAdmission, emptyBudget } from "../../../src/store/budget.js";

const minute = Date.parse("2026-03-10T12:00:00.000Z");
const day = Date.parse("2026-03-10T00:00:00.000Z");
const nextMinute = minute + 60_000;

const call = (callClass: CallClass, more: Partial<CountedCall> = {}): CountedCall => ({ endpoint: "crm/Accounts", class: callClass, counted: "all", ...more });
const used = (count: number, interactive = 0, inDay = count): BudgetState => ({
  ...emptyBudget,
  minutes: { [String(minute)]: { used: count, interactive } },
  days: { [String(day)]: { used: inDay, interactive } },
});
const decide = (state: BudgetState, callClass: CallClass, second: number, more: Partial<CountedCall> = {}) =>
  decideAdmission(state, call(callClass, more), minute + second * 1_000, rules);
const admitted = { admitted: true };
const refused = (because: string, retryAt: number) => ({ admitted: false, because, retryAt });

describe("the minute", () => {
  it.each<[string, BudgetState, CallClass, number, object]>([
    ["background goes while more than the reserve is left", used(39), "compare", 10, admitted],
    ["background stops at the reserve, until that is lent", used(40), "compare", 10, refused("minute", minute + 59_500 - 11_400)],
    ["interactive calls that were made have used their own reserve", used(45, 10), "compare", 10, admitted],
    ["… but no more of it than was theirs", used(50, 10), "compare", 10, refused("minute", minute + 59_500 - 5_400)],
    ["half of the reserve is lent half way through the lending", used(49), "change", 54, admitted],
    ["… and no more than half", used(51), "change", 53.5, refused("minute", minute + 59_500 - 4_800)],
    ["at the end almost all of it is lent", used(57), "compare", 59.4, admitted],
    ["two calls are never lent", used(58), "compare", 59.4, refused("minute", nextMinute + 500)],
    ["interactive calls take what is left", used(59), "interactive", 10, admitted],
    ["a full minute is full for all", used(60), "interactive", 10, refused("minute", nextMinute + 500)],
    ["background keeps off the minute's start", used(0), "repair", 0.4, refused("minute", minute + 500)],
    ["background keeps off the minute's end", used(0), "repair", 59.6, refused("minute", nextMinute + 500)],
    ["interactive calls go at the edge", used(0), "interactive", 59.9, admitted],
  ])("%s", (_what, state, callClass, second, expected) => {
    expect(decide(state, callClass, second)).toEqual(expected);
  });

  it("counts an interactive call at an edge on both sides, as the system may", () => {
    const before = minute - 60_000;
    const after = applyAdmission(emptyBudget, "p", call("interactive"), minute + 100, rules);
    expect(Object.keys(after.minutes)).toEqual([String(before), String(minute)]);
    const full = { ...emptyBudget, minutes: { [String(before)]: { used: 60, interactive: 0 } } };
    expect(decideAdmission(full, call("interactive"), minute + 100, rules)).toEqual(refused("minute", minute + 500));
    expect(decideAdmission(full, call("interactive"), minute + 500, rules)).toEqual(admitted);
  });

  it.each(callClasses.filter((one) => one !== "interactive"))("tells %s a time at which it may really go", (callClass) => {
    for (let count = 0; count < 58; count++) {
      for (const interactive of [0, 3, 15]) {
        const state = used(Math.max(count, interactive), interactive, 0);
        const first = decide(state, callClass, 5);
        if (!first.admitted) expect(decideAdmission(state, call(callClass), first.retryAt, rules)).toEqual(admitted);
        if (!first.admitted) expect(decideAdmission(state, call(callClass), first.retryAt - 1, rules).admitted).toBe(false);
      }
    }
  });

  it("does not concern a call that is counted nowhere", () => {
    expect(decide(used(60), "interactive", 10, { counted: "none" })).toEqual(admitted);
    expect(applyAdmission(used(60), "p", call("interactive", { counted: "none" }), minute, rules).minutes).toEqual(used(60).minutes);
  });
});

describe("the day", () => {
  it.each<[string, number, number, CallClass, boolean]>([
    ["background leaves a quarter", 3_749, 0, "change", true],
    ["… and stops there", 3_750, 0, "change", false],
    ["the full compare leaves more", 3_499, 0, "compare", true],
    ["… and stops earlier", 3_500, 0, "compare", false],
    ["interactive calls have used their own reserve", 3_849, 100, "poll", true],
    ["interactive calls use all of it", 4_999, 0, "interactive", true],
    ["the last call is the last", 5_000, 0, "interactive", false],
  ])("%s", (_what, inDay, interactive, callClass, expected) => {
    const admission = decide({ ...used(0), days: { [String(day)]: { used: inDay, interactive } } }, callClass, 10);
    expect(admission).toEqual(expected ? admitted : refused("day", day + 86_400_000 + 500));
  });

  it("does not count what the system does not count in it", () => {
    const full = { ...used(0), days: { [String(day)]: { used: 5_000, interactive: 0 } } };
    expect(decide(full, "interactive", 10, { counted: "minute" })).toEqual(admitted);
    expect(applyAdmission(full, "p", call("interactive", { counted: "minute" }), minute + 10_000, rules).days).toEqual(full.days);
  });
});

describe("the errors of an endpoint", () => {
  const failed = (count: number): BudgetState => ({
    ...emptyBudget,
    errors: { "crm/Accounts": Array.from({ length: count }, (_, index) => minute - 600_000 + index) },
  });

  it.each<[CallClass, number]>([
    ["compare", 6],
    ["poll", 6],
    ["change", 8],
    ["repair", 8],
    ["interactive", 9],
  ])("stop %s at %i in an hour", (callClass, stopsAt) => {
    expect(decide(failed(stopsAt - 1), callClass, 10)).toEqual(admitted);
    expect(decide(failed(stopsAt), callClass, 10)).toEqual(refused("errors", minute - 600_000 + 3_600_000));
    expect(decide(failed(stopsAt), callClass, 10, { endpoint: "crm/Contacts" })).toEqual(admitted);
  });

  it("are forgotten one by one, an hour after each", () => {
    const state = failed(7);
    const retryAt = minute - 600_000 + 1 + 3_600_000;
    expect(decide(state, "poll", 10)).toEqual(refused("errors", retryAt));
    expect(decideAdmission(state, call("poll"), retryAt + 1_000, rules)).toEqual(admitted);
  });

  it("never reach ten, even if every call under way fails", () => {
    let state = failed(0);
    let count = 0;
    for (; count < 100 && decideAdmission(state, call("interactive"), minute + 10_000, rules).admitted; count++) {
      state = applyAdmission(state, `p${count}`, call("interactive"), minute + 10_000, rules);
    }
    expect(count).toBe(9);
    for (let index = 0; index < count; index++) {
      state = applyReport(
        state,
        `p${index}`,
        call("interactive"),
        reportOf({ status: 404, headers: {} }, minute + 10_000, minute + 11_000),
        minute + 11_000,
        rules,
      );
    }
    expect(state.errors["crm/Accounts"]).toHaveLength(9);
    expect(decide(state, "interactive", 12).admitted).toBe(false);
  });

  it.each([
    [200, 0],
    [400, 1],
    [401, 1],
    [403, 1],
    [404, 1],
    [429, 0],
    [500, 0],
    [null, 0],
  ])("count the status %s %i times", (status, count) => {
    const state = applyReport(emptyBudget, "p", call("change"), reportOf({ status, headers: {} }, minute, minute), minute, rules);
    expect(state.errors["crm/Accounts"] ?? []).toHaveLength(count);
  });

  it("leave a crashed holder's call behind after a minute", () => {
    let state = failed(5);
    state = applyAdmission(state, "lost", call("poll"), minute + 10_000, rules);
    expect(decide(state, "poll", 11)).toEqual(refused("errors", minute + 11_250));
    expect(decideAdmission(state, call("poll"), minute + 70_001 + 500, rules)).toEqual(admitted);
  });
});

describe("the headers", () => {
  const at = minute + 10_000;
  const settle = (state: BudgetState, headers: Record<string, string>, status: number | null = 200) =>
    applyReport(state, "p", call("change"), reportOf({ status, headers }, at - 100, at), at, rules);

  it("that are absent or no numbers say nothing, and are not zero", () => {
    expect(settle(used(7), {})).toEqual(used(7));
    expect(settle(used(7), { "x-ratelimit-minutely-remaining": "", "x-ratelimit-limit": "many" })).toEqual(used(7));
  });

  it("tell the limits, whatever they are this year", () => {
    const state = settle(used(7), { "x-ratelimit-minutely-limit": "300", "x-ratelimit-limit": "50000" });
    expect(state).toMatchObject({ minuteLimit: 300, dayLimit: 50_000 });
    expect(decide({ ...state, minutes: { [String(minute)]: { used: 150, interactive: 0 } } }, "compare", 10)).toEqual(admitted);
  });

  it("show the calls of others", () => {
    const state = settle(used(7), { "x-ratelimit-minutely-remaining": "12", "x-ratelimit-remaining": "900" });
    expect(state.minutes).toEqual({ [String(minute)]: { used: 48, interactive: 0 } });
    expect(state.days).toEqual({ [String(day)]: { used: 4_100, interactive: 0 } });
  });

  it("never give back what we counted ourselves, as some calls are still on their way", () => {
    expect(settle(used(30), { "x-ratelimit-minutely-remaining": "59", "x-ratelimit-remaining": "4999" })).toEqual(used(30));
  });

  it("are about the minute that they name, not the one in which they arrive", () => {
    const late = minute + 400;
    const state = applyReport(
      used(0),
      "p",
      call("change"),
      reportOf({ status: 200, headers: { "x-ratelimit-minutely-remaining": "5", "x-ratelimit-minutely-reset": `${minute}` } }, minute - 900, late),
      late,
      rules,
    );
    expect(state.minutes).toEqual({ [String(minute - 60_000)]: { used: 55, interactive: 0 }, [String(minute)]: { used: 0, interactive: 0 } });
  });

  it("of a 429 close the window that they name", () => {
    const byMinute = settle(used(3), { "x-ratelimit-minutely-remaining": "4", "x-ratelimit-minutely-reset": `${nextMinute}` }, 429);
    expect(decide(byMinute, "interactive", 10)).toEqual(refused("minute", nextMinute + 500));
    const byDay = settle(used(3), { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${day + 86_400_000}` }, 429);
    expect(decide(byDay, "interactive", 10)).toEqual(refused("day", day + 86_400_000 + 500));
    const byNone = settle(used(3), {}, 429);
    expect(decide(byNone, "interactive", 10)).toEqual(refused("minute", nextMinute + 500));
    const withPause = settle(used(3), { "retry-after": "90" }, 429);
    expect(decide(withPause, "interactive", 10)).toEqual(refused("blocked", at + 90_000));
  });

  it("that lie in another age than ours are taken for this minute's, and move no clock", () => {
    const state = settle(used(3), { "x-ratelimit-minutely-remaining": "10", "x-ratelimit-minutely-reset": "1500000000000" });
    expect(state).toMatchObject({ offsetMs: 0, minutes: { [String(minute)]: { used: 50 } } });
  });

  it("show that our clock is ahead of the system's, or behind", () => {
    const ahead = applyReport(
      emptyBudget,
      "p",
      call("change"),
      reportOf({ status: 200, headers: { "x-ratelimit-minutely-reset": `${minute}` } }, minute + 700, minute + 800),
      minute + 800,
      rules,
    );
    expect(minute + 700 + ahead.offsetMs).toBeLessThan(minute);
    const behind = applyReport(
      emptyBudget,
      "p",
      call("change"),
      reportOf({ status: 200, headers: { "x-ratelimit-minutely-reset": `${nextMinute}` } }, minute - 900, minute - 800),
      minute - 800,
      rules,
    );
    expect(minute - 800 + behind.offsetMs).toBeGreaterThanOrEqual(minute);
  });
});
