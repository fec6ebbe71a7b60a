import { describe, expect, it } from "vitest";
import { brokenWith, firstBreak, pinned } from "./pinned.js";

describe("a safeguard taken away is missed", { timeout: 60_000 }, () => {
  it.each(pinned)("$name: without it $breaks is found broken, with it the same world is whole", async (pin) => {
    const seed = await firstBreak(pin);
    expect(seed, "`npm run worlds -- --find` says what to pin").not.toBeNull();
    expect(await brokenWith(pin, seed ?? 0)).toEqual([]);
  });
});
