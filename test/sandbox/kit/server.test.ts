import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startNotes } from "./helpers.js";

let notes: Awaited<ReturnType<typeof startNotes>>;
beforeEach(async () => {
  notes = await startNotes();
});
afterEach(() => notes.server.stop());

const json = async (method: string, path: string, body?: unknown) => {
  const answer = await notes.call(method, `/_control${path}`, body);
  return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
};

describe("the call log", () => {
  it("holds what was called, with the body of a write, and counts by route", async () => {
    await notes.call("GET", "/notes/1?a=x%20y");
    await notes.call("PUT", "/notes/2", { text: "tea" });
    await notes.call("GET", "/notes/3");
    expect(notes.calls.all().slice(0, 2)).toMatchObject([
      { method: "GET", path: "/notes/1", query: "a=x y", routeTemplate: "/notes/{id}", status: 200, at: notes.clock.now() },
      { method: "PUT", path: "/notes/2", body: '{"text":"tea"}', status: 200 },
    ]);
    expect(notes.calls.counts()).toEqual({ "GET /notes/{id}": 2, "PUT /notes/{id}": 1 });
    expect(notes.calls.count()).toBe(3);
  });

  it("says how a call went wrong", async () => {
    notes.faults.add({ fault: { kind: "reset-after" } });
    await expect(notes.call("GET", "/notes/1")).rejects.toThrow();
    expect(notes.calls.all()).toMatchObject([{ fault: "reset-after", status: 0 }]);
  });

  it("knows how many calls were under way at the same time", async () => {
    notes.faults.add({ fault: { kind: "slow", ms: 100 } });
    const calls = [notes.call("GET", "/notes/1"), notes.call("GET", "/notes/2")];
    await expect.poll(() => notes.calls.mostAtOnce()).toBe(2);
    await notes.clock.advance(100);
    await Promise.all(calls);
  });

  it("counts no control calls and no visits to the page", async () => {
    await json("GET", "/calls");
    await notes.call("GET", "/");
    expect(notes.calls.count()).toBe(0);
  });
});

describe("the control API", () => {
  it("shows the calls and forgets them", async () => {
    await notes.call("GET", "/notes/1");
    expect((await json("GET", "/calls?last=5")).body).toMatchObject({ total: 1, counts: { "GET /notes/{id}": 1 }, calls: [{ path: "/notes/1" }] });
    await json("DELETE", "/calls");
    expect((await json("GET", "/calls")).body).toMatchObject({ total: 0, calls: [] });
  });

  it("makes faults that do not reach itself, and takes them away", async () => {
    const { body: rule } = await json("POST", "/faults", { fault: { kind: "status", status: 500 } });
    expect((await notes.call("GET", "/notes/1")).status).toBe(500);
    expect((await json("GET", "/faults")).body).toMatchObject([{ id: rule.id, fired: 1 }]);
    await json("DELETE", `/faults?id=${rule.id}`);
    expect((await notes.call("GET", "/notes/1")).status).toBe(200);
    expect((await json("DELETE", "/faults?id=none")).status).toBe(404);
  });

  it("refuses a rule that is none with a sentence", async () => {
    const { status, body } = await json("POST", "/faults", { fault: { kind: "status" } });
    expect(status).toBe(400);
    expect(body.error).toContain("status");
  });

  it("moves the clock", async () => {
    const before = notes.clock.now();
    expect((await json("POST", "/clock/advance", { ms: 60_000 })).body.now).toBe(before + 60_000);
    expect(notes.clock.now()).toBe(before + 60_000);
  });

  it("reads and changes settings", async () => {
    await json("PATCH", "/settings", { loud: true });
    expect((await json("GET", "/settings")).body).toEqual({ loud: true });
  });

  it("lets a person list, create, change and delete records", async () => {
    expect((await json("POST", "/records/Notes", { text: "tea" })).body).toEqual({ id: "2", text: "tea" });
    await json("PUT", "/records/Notes/1", { text: "cream" });
    expect((await json("GET", "/records?type=Notes&q=cr&limit=1")).body).toEqual({ total: 1, rows: [{ id: "1", text: "cream" }] });
    expect((await json("DELETE", "/records/Notes/1")).status).toBe(204);
    expect((await json("GET", "/records?type=Notes")).body.total).toBe(1);
    expect(await json("PUT", "/records/Notes/9", { text: "x" })).toEqual({ status: 400, body: { error: "There is no note 9." } });
  });

  it("has the routes that its sandbox adds, and no others", async () => {
    expect((await json("POST", "/shout", { a: 1 })).body).toEqual({ shouted: { a: 1 } });
    expect((await json("POST", "/whisper")).status).toBe(404);
  });

  it("does not answer pages of other sites", async () => {
    const answer = await fetch(`${notes.server.origin}/_control/calls`, { method: "DELETE", headers: { origin: "https://example.com" } });
    expect(answer.status).toBe(403);
  });

  it("lets the system be down for a while", async () => {
    await json("POST", "/down", { ms: 1_000 });
    await expect.poll(() => notes.call("GET", "/notes/1").catch(() => "refused")).toBe("refused");
    await notes.clock.advance(1_000);
    expect((await notes.call("GET", "/notes/1")).status).toBe(200);
  });
});

describe("a server that is down", () => {
  it("ends open connections, refuses new ones, and comes back at the same address", async () => {
    notes.faults.add({ times: 1, fault: { kind: "hang" } });
    const hanging = notes.call("GET", "/notes/1").catch(() => "ended");
    await expect.poll(() => notes.calls.count()).toBe(1);
    await notes.server.setDown(true);
    expect(await hanging).toBe("ended");
    await expect(notes.call("GET", "/notes/1")).rejects.toThrow();
    await notes.server.setDown(false);
    expect((await notes.call("GET", "/notes/1")).status).toBe(200);
  });

  it("stops at once although calls hang, and may be stopped again", async () => {
    notes.faults.add({ fault: { kind: "hang" } });
    const hanging = notes.call("GET", "/notes/1").catch(() => "ended");
    await expect.poll(() => notes.calls.count()).toBe(1);
    await notes.server.stop();
    expect(await hanging).toBe("ended");
    await notes.server.stop();
  });
});

describe("the page", () => {
  it("says which system it is and loads nothing from elsewhere", async () => {
    const answer = await notes.call("GET", "/");
    const page = await answer.text();
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(page).toContain("Notes &#38; more");
    expect(page).not.toMatch(/(src|href)=|https?:|@import|url\(/);
  });
});
