import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";

describe("a frozen clock", () => {
  it("stands still until it is advanced", async () => {
    const clock = new VirtualClock(1_000);
    expect(clock.now()).toBe(1_000);
    await clock.advance(500);
    expect(clock.now()).toBe(1_500);
  });

  it("runs the timers that fall due in the order of their times, each at its own time", async () => {
    const clock = new VirtualClock(0);
    const log: string[] = [];
    clock.setTimer(() => void log.push(`late at ${clock.now()}`), 300);
    clock.setTimer(() => void log.push(`early at ${clock.now()}`), 100);
    clock.setTimer(() => void log.push("never"), 301);
    await clock.advance(300);
    expect(log).toEqual(["early at 100", "late at 300"]);
  });

  it("waits for a timer's work, and runs the timers that it sets on the way", async () => {
    const clock = new VirtualClock(0);
    const log: number[] = [];
    const tick = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      log.push(clock.now());
      clock.setTimer(tick, 60);
    };
    clock.setTimer(tick, 60);
    await clock.advance(200);
    expect(log).toEqual([60, 120, 180]);
    expect(clock.now()).toBe(200);
  });

  it("never runs a timer that was called off", async () => {
    const clock = new VirtualClock(0);
    let ran = false;
    const cancel = clock.setTimer(() => {
      ran = true;
    }, 10);
    cancel();
    await clock.advance(20);
    expect(ran).toBe(false);
  });

  it("calls off a group's timers and leaves those of others", async () => {
    const clock = new VirtualClock(0);
    const log: string[] = [];
    const group = clock.group();
    group.setTimer(() => void log.push("group"), 10);
    clock.setTimer(() => void log.push("other"), 10);
    group.cancelAll();
    await clock.advance(10);
    expect(log).toEqual(["other"]);
  });

  it("lets one advance finish before the next begins", async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    clock.setTimer(() => void seen.push(clock.now()), 150);
    await Promise.all([clock.advance(100), clock.advance(100)]);
    expect(seen).toEqual([150]);
    expect(clock.now()).toBe(200);
  });

  it("refuses to go back", () => {
    expect(() => new VirtualClock(0).advance(-1)).toThrow("can't be advanced");
  });
});

describe("a real clock", () => {
  it("shows the machine's time, plus what was advanced", async () => {
    const clock = new VirtualClock("real");
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    await clock.advance(3_600_000);
    expect(Math.abs(clock.now() - Date.now() - 3_600_000)).toBeLessThan(1_000);
  });

  it("runs its timers by itself", async () => {
    const clock = new VirtualClock();
    await new Promise<void>((resolve) => clock.setTimer(resolve, 5));
  });

  it("runs a timer of months when months are advanced", async () => {
    const clock = new VirtualClock();
    let ran = false;
    clock.setTimer(() => {
      ran = true;
    }, 90 * 86_400_000);
    await clock.advance(91 * 86_400_000);
    expect(ran).toBe(true);
  });
});
