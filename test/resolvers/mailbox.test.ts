import { describe, expect, it, vi } from "vitest";
import { Mailbox } from "../../src/resolvers/mailbox.js";

function mailbox(capacity: number): [Mailbox<string>, ReturnType<typeof vi.fn>] {
  const onEnd = vi.fn();
  return [new Mailbox<string>(capacity, onEnd), onEnd];
}

describe("a mailbox", () => {
  it("gives what was put in, in its order, waiting where there is nothing yet", async () => {
    const [box] = mailbox(2);
    box.put("a");
    box.put("b");
    expect([await box.next(), await box.next()].map(({ value }) => value)).toEqual(["a", "b"]);
    const waiting = box.next();
    box.put("c");
    expect((await waiting).value).toBe("c");
  });

  it("drops who lets more wait than it holds: what waited is gone, and the reason is thrown once", async () => {
    const [box, onEnd] = mailbox(2);
    for (const item of ["a", "b", "c", "d"]) box.put(item);
    expect(onEnd).toHaveBeenCalledOnce();
    await expect(box.next()).rejects.toMatchObject({ code: "SLOW_SUBSCRIBER", message: expect.stringContaining("More than 2 changes") });
    expect(await box.next()).toEqual({ value: undefined, done: true });
  });

  it("still gives what waits when it is ended, and then no more", async () => {
    const [box, onEnd] = mailbox(2);
    box.put("a");
    box.end();
    box.put("b");
    expect(await box.next()).toEqual({ value: "a", done: false });
    expect((await box.next()).done).toBe(true);
    box.end();
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it("ends at once for who returns, also while they wait", async () => {
    const [box, onEnd] = mailbox(2);
    const waiting = box.next();
    await box.return();
    expect((await waiting).done).toBe(true);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it("keeps the newest only, where one replaces the other", async () => {
    const [box] = mailbox(1);
    for (const item of ["a", "b", "c"]) box.replace(item);
    expect((await box.next()).value).toBe("c");
  });
});
