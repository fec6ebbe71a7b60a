import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRandom, FaultList } from "../../../src/sandbox/kit/index.js";
import { startNotes } from "./helpers.js";

let notes: Awaited<ReturnType<typeof startNotes>>;
beforeEach(async () => {
  notes = await startNotes();
});
afterEach(() => notes.server.stop());

/** What a caller sees of a call that goes wrong. */
const outcome = async (method = "GET", body?: unknown) => {
  try {
    const answer = await notes.call(method, "/notes/1", body);
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  } catch {
    return "no answer";
  }
};

describe("a fault", () => {
  it("answers with a status of its own and keeps the effect away", async () => {
    notes.faults.add({ fault: { kind: "status", status: 503, body: { why: "busy" }, headers: { "retry-after": "7" } } });
    const answer = await notes.call("POST", "/notes/1", {});
    expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toEqual([503, "7", { why: "busy" }]);
    expect(notes.log).toEqual([]);
  });

  it("lets the effect happen behind an error, if asked to", async () => {
    notes.faults.add({ fault: { kind: "status", status: 500, effect: true } });
    expect(await outcome()).toMatchObject({ status: 500 });
    expect(notes.log).toHaveLength(1);
  });

  it("resets the connection before the effect", async () => {
    notes.faults.add({ fault: { kind: "reset-before" } });
    expect(await outcome()).toBe("no answer");
    expect(notes.log).toHaveLength(0);
  });

  it("resets the connection after the effect", async () => {
    notes.faults.add({ fault: { kind: "reset-after" } });
    expect(await outcome()).toBe("no answer");
    expect(notes.log).toHaveLength(1);
  });

  it("loses the answer now, and lets the write land later", async () => {
    notes.faults.add({ fault: { kind: "late", ms: 5_000 } });
    expect(await outcome("POST", { a: 1 })).toBe("no answer");
    await notes.clock.advance(4_999);
    expect(notes.log).toEqual([]);
    await notes.clock.advance(1);
    expect(notes.log).toEqual(['POST /notes/1 {"a":1}']);
  });

  it("never answers a call that hangs", async () => {
    notes.faults.add({ fault: { kind: "hang" } });
    await expect(fetch(`${notes.server.origin}/notes/1`, { signal: AbortSignal.timeout(60) })).rejects.toThrow();
    expect(notes.log).toEqual([]);
  });

  it("answers late by the clock, and acts at once", async () => {
    notes.faults.add({ fault: { kind: "slow", ms: 2_000 } });
    let answered = false;
    const call = outcome().then((result) => {
      answered = true;
      return result;
    });
    await expect.poll(() => notes.log.length).toBe(1);
    await notes.clock.advance(1_999);
    expect(answered).toBe(false);
    await notes.clock.advance(1);
    expect(await call).toMatchObject({ status: 200 });
  });

  it("breaks off in the middle of the answer", async () => {
    notes.faults.add({ fault: { kind: "half-body" } });
    const answer = await notes.call("GET", "/notes/1");
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it("answers with a proxy's page", async () => {
    notes.faults.add({ fault: { kind: "html-502" } });
    expect(await outcome()).toMatchObject({ status: 502, type: "text/html" });
    expect(notes.log).toEqual([]);
  });

  it("answers with what can't be parsed, after the effect", async () => {
    notes.faults.add({ fault: { kind: "garbage" } });
    const { text } = (await outcome()) as { text: string };
    expect(() => JSON.parse(text)).toThrow();
    expect(notes.log).toHaveLength(1);
  });

  it("drops one property of a write without a word", async () => {
    notes.faults.add({ fault: { kind: "drop-field", field: "phone" } });
    expect(await outcome("PUT", { name: "a", phone: "1" })).toMatchObject({ status: 200 });
    expect(notes.log).toEqual(['PUT /notes/1 {"name":"a"}']);
  });

  it("says that a list holds nothing", async () => {
    notes.faults.add({ fault: { kind: "empty-list" } });
    expect(await outcome()).toMatchObject({ status: 200, text: '{"items":[]}' });
  });
});

describe("a fault rule", () => {
  const list = () => new FaultList(createRandom("rules"));
  const fault = { kind: "hang" } as const;
  const fired = (faults: FaultList, calls: number, method = "GET", path = "/a", query = "") =>
    Array.from({ length: calls }, () => faults.take(method, path, query) !== null);

  it("holds for one method and the beginning of a path", () => {
    const faults = list();
    faults.add({ method: "post", path: "/api/v1", fault });
    expect(faults.take("POST", "/api/v1/x", "")).toEqual(fault);
    expect(faults.take("GET", "/api/v1/x", "")).toBeNull();
    expect(faults.take("POST", "/other/api/v1", "")).toBeNull();
  });

  it("holds for a regular expression over path and query", () => {
    const faults = list();
    faults.add({ path: "Accounts\\?.*Timestamp gt 5", fault });
    expect(faults.take("GET", "/sync/Accounts", "$filter=Timestamp gt 5L")).toEqual(fault);
    expect(faults.take("GET", "/sync/Accounts", "$filter=Timestamp gt 6L")).toBeNull();
  });

  it("holds a pattern that begins with a slash to the path's beginning", () => {
    const faults = list();
    faults.add({ path: "/api/.*Contacts$", fault });
    expect(faults.take("GET", "/api/v1/crm/Contacts", "")).toEqual(fault);
    expect(faults.take("GET", "/old/api/v1/crm/Contacts", "")).toBeNull();
  });

  it("takes an address with brackets for the prefix that it is", () => {
    const faults = list();
    faults.add({ path: "/crm/Accounts(guid'1", fault });
    expect(faults.take("GET", "/crm/Accounts(guid'123')", "")).toEqual(fault);
  });

  it("fires for the nth call alone", () => {
    const faults = list();
    faults.add({ nth: 3, fault });
    expect(fired(faults, 5)).toEqual([false, false, true, false, false]);
  });

  it("fires from the nth call on, as often as it may", () => {
    const faults = list();
    faults.add({ nth: 2, times: 2, fault });
    expect(fired(faults, 5)).toEqual([false, true, true, false, false]);
  });

  it("fires with its probability, in a row that the seed decides", () => {
    const run = () => {
      const faults = list();
      faults.add({ probability: 0.25, fault });
      return fired(faults, 400);
    };
    expect(run()).toEqual(run());
    expect(run().filter(Boolean).length).toBeGreaterThan(70);
    expect(run().filter(Boolean).length).toBeLessThan(130);
  });

  it("gives way to the first rule that fires, and counts every call it matches", () => {
    const faults = list();
    faults.add({ id: "first", nth: 2, fault: { kind: "reset-before" } });
    faults.add({ id: "second", fault });
    expect([faults.take("GET", "/", ""), faults.take("GET", "/", "")]).toEqual([fault, { kind: "reset-before" }]);
    expect(faults.list().map(({ id, matched, fired: times }) => [id, matched, times])).toEqual([
      ["first", 2, 1],
      ["second", 2, 1],
    ]);
  });

  it("ends when it is removed", () => {
    const faults = list();
    const { id } = faults.add({ fault });
    expect(faults.remove(id)).toBe(true);
    expect(faults.remove(id)).toBe(false);
    expect(faults.take("GET", "/", "")).toBeNull();
  });

  it("is refused if it is none", () => {
    expect(() => list().add({ fault: { kind: "explode" } as never })).toThrow();
    expect(() => list().add({ path: "a(", fault })).toThrow();
  });
});
