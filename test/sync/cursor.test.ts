import { describe, expect, it } from "vitest";
import type { FeedState } from "../../src/store/store.js";
import { afterPoll, restarted } from "../../src/sync/cursor.js";

const fresh: FeedState = { position: null, low: null, seen: [], epoch: "e1", polledAt: null, lastChangeAt: null };
const minute = 60_000;
const overlap = 10 * minute;

describe("a feed's cursor", () => {
  it("stays at the start until a position has been seen for the whole overlap", () => {
    let state = afterPoll(fresh, "100", 0, overlap);
    expect(state).toMatchObject({ position: "100", low: null });
    state = afterPoll(state, "120", 9 * minute, overlap);
    expect(state.low).toBeNull();
    state = afterPoll(state, "130", 10 * minute, overlap);
    expect(state.low).toBe("100");
  });

  it("counts the overlap from the poll that saw a position, not from now", () => {
    const state = afterPoll(fresh, "100", 0, overlap);
    const afterAnHour = afterPoll(state, "500", 60 * minute, overlap);
    expect(afterAnHour.low).toBe("100");
    expect(afterPoll(afterAnHour, "500", 65 * minute, overlap).low).toBe("100");
    expect(afterPoll(afterAnHour, "500", 70 * minute, overlap).low).toBe("500");
  });

  it("catches up with a feed that stands still, and then keeps nothing", () => {
    let state = afterPoll(fresh, "100", 0, overlap);
    state = afterPoll(state, "100", 11 * minute, overlap);
    expect(state).toMatchObject({ low: "100", seen: [] });
    expect(afterPoll(state, "100", 12 * minute, overlap)).toMatchObject({ low: "100", seen: [] });
  });

  it("stays short however often it is polled, and still moves on", () => {
    let state = fresh;
    for (let i = 1; i <= 1000; i++) state = afterPoll(state, String(i), i * 1000, overlap);
    expect(state.seen.length).toBeLessThanOrEqual(13);
    const behind = 1000 - Number(state.low);
    expect(behind).toBeGreaterThanOrEqual(600);
    expect(behind).toBeLessThanOrEqual(600 + 61);
  });

  it("is not moved by a poll that is not even shown what an earlier one has seen: an empty list proves nothing (I11)", () => {
    const state = afterPoll(fresh, "100", 0, overlap);
    expect(afterPoll(state, "1", 11 * minute, overlap, true)).toMatchObject({ position: "100", low: null, seen: state.seen });
    expect(afterPoll(fresh, "100", 0, overlap, true)).toMatchObject({ position: null, low: null, seen: [], polledAt: "1970-01-01T00:00:00.000Z" });
    const settled = afterPoll(afterPoll(fresh, "100", 0, overlap), "100", 11 * minute, overlap);
    expect(afterPoll(settled, "100", 12 * minute, overlap, true)).toMatchObject({ position: "100", low: "100" });
  });

  it("begins anew after a restart, under the new epoch", () => {
    const state = afterPoll(afterPoll(fresh, "100", 0, overlap), "120", 20 * minute, overlap);
    expect(restarted(state, "e2")).toMatchObject({ position: null, low: null, seen: [], epoch: "e2" });
  });
});
