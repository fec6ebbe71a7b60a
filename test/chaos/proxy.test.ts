import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../src/sandbox/kit/index.js";
import { type Fault, type Proxy as Network, startProxy } from "./proxy.js";

describe("a network on which every write meets one fault", () => {
  /** What the system behind it was sent, in its order. */
  let landed: string[];
  let proxy: Network;
  const through = async (fault: Fault, lateMs: number) => {
    const { port } = system.address() as AddressInfo;
    proxy = await startProxy(`http://127.0.0.1:${port}`, createRandom("a proxy"), { reads: 0, writes: 1, faults: [fault], lateMs });
  };
  const system = createServer(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    landed.push(`${request.method} ${body}`);
    answer.end("done");
  });
  const send = (method: string, body?: string): Promise<string> =>
    fetch(`${proxy.origin}/things`, { method, headers: { connection: "close" }, ...(body === undefined ? {} : { body }) }).then(
      (answer) => answer.text(),
      () => "no answer",
    );
  const until = async (count: number) => {
    while (landed.length < count) await sleep(20);
  };
  beforeEach(async () => {
    landed = [];
    await new Promise<void>((resolve) => system.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    await proxy.stop();
    await new Promise((resolve) => system.close(resolve));
  });

  it("delivers a write some time after its sender was cut off, once", async () => {
    await through("late", 1_000);
    expect(await send("POST", "one")).toBe("no answer");
    expect(landed).toEqual([]);
    await until(1);
    await sleep(300);
    expect(landed).toEqual(["POST one"]);
  });

  it("delivers it when it calms at the latest", async () => {
    await through("late", 600_000);
    expect(await send("POST", "one")).toBe("no answer");
    expect(await send("POST", "two")).toBe("no answer");
    expect(landed).toEqual([]);
    proxy.calm();
    await until(2);
    expect(landed.toSorted()).toEqual(["POST one", "POST two"]);
    expect(await send("POST", "three")).toBe("done");
  });

  it("lets what only reads pass, and everything once it is calm", async () => {
    await through("reset", 1_000);
    expect(await send("GET")).toBe("done");
    expect(await send("POST", "one")).toBe("no answer");
    proxy.calm();
    expect(await send("POST", "two")).toBe("done");
    expect(landed).toEqual(["GET ", "POST two"]);
  });
});
