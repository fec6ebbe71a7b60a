import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StateFile } from "../../../src/sandbox/kit/index.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a state file", () => {
  it("keeps the newest state, written once for many changes", async () => {
    const path = join(folder, "deep", "state.json");
    let state = 0;
    let taken = 0;
    const file = new StateFile(path, () => ({ state, taken: ++taken }), 10_000);
    for (state = 1; state < 100; state++) file.changed();
    await file.flush();
    expect(await StateFile.read(path)).toEqual({ state: 100, taken: 1 });
  });

  it("writes by itself soon after a change, and leaves nothing beside the file", async () => {
    const path = join(folder, "state.json");
    const file = new StateFile(path, () => ({ a: 1 }), 1);
    file.changed();
    await expect.poll(() => StateFile.read(path)).toEqual({ a: 1 });
    await file.flush();
    expect(await readdir(folder)).toEqual(["state.json"]);
  });

  it("keeps nothing without a path, or without a change", async () => {
    const memory = new StateFile(null, () => ({}));
    memory.changed();
    await memory.flush();
    await new StateFile(join(folder, "unchanged.json"), () => ({})).flush();
    expect(await readdir(folder)).toEqual([]);
    expect(await StateFile.read(null)).toBeNull();
  });

  it("leaves the old state whole when the new one can't be written", async () => {
    const path = join(folder, "state.json");
    await writeFile(path, '{"old":true}');
    const file = new StateFile(path, () => {
      throw new Error("no state");
    });
    file.changed();
    await expect(file.flush()).rejects.toThrow("no state");
    expect(await readFile(path, "utf8")).toBe('{"old":true}');
  });

  it("says in plain words that a file holds no state", async () => {
    const path = join(folder, "state.json");
    await writeFile(path, "{ half");
    await expect(StateFile.read(path)).rejects.toThrow("Remove it to start anew");
  });
});
