import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestSandbox, type TestSandbox } from "./helpers.js";

const secret = "a secret of some length";

interface Received {
  readonly signature: string;
  readonly raw: string;
  readonly events: { Type: string; Id: string; Action: string; At: string }[];
}

let sandbox: TestSandbox;
let receiver: Server;
let received: Received[];
/** The status to answer with; null: no answer at all. */
let answers: (number | null)[];

beforeEach(async () => {
  sandbox = await startTestSandbox();
  received = [];
  answers = [];
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    received.push({ signature: String(request.headers["x-customcrm-signature"]), raw, events: JSON.parse(raw).Events });
    const status = answers.length > 0 ? answers.shift() : 204;
    if (typeof status === "number") response.writeHead(status).end();
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});
afterEach(async () => {
  await sandbox.stop();
  receiver.closeAllConnections();
  receiver.close();
});

const subscribe = async (types: string[] = ["Customer", "Contact", "Product"]) => {
  const Url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  return (await sandbox.api("POST", "/webhooks", { body: { Url, Secret: secret, Types: types } })).body.Id as string;
};

/** Lets the gathering end and the notification arrive. */
const settle = async (count: number) => {
  await sandbox.pass(100);
  await sandbox.sandbox.settled();
  expect(received).toHaveLength(count);
};

describe("subscriptions", () => {
  it("are made, listed without their secrets, and deleted", async () => {
    const Id = await subscribe(["Customer"]);
    const listed = await sandbox.api("GET", "/webhooks");
    expect(listed.body).toEqual([{ Id, Url: expect.stringContaining("/hook"), Types: ["Customer"] }]);
    expect(JSON.stringify(listed.body)).not.toContain(secret);
    expect((await sandbox.api("DELETE", `/webhooks/${Id}`)).status).toBe(204);
    expect((await sandbox.api("DELETE", `/webhooks/${Id}`)).status).toBe(404);
    await sandbox.made("customers", { Name: "A" });
    await settle(0);
  });

  it.each([
    ["a secret that is too short", { Url: "http://127.0.0.1/", Secret: "short", Types: ["Customer"] }, 422],
    ["an address that is none", { Url: "here", Secret: secret, Types: ["Customer"] }, 422],
    ["another protocol", { Url: "ftp://127.0.0.1/", Secret: secret, Types: ["Customer"] }, 422],
    ["an unknown type", { Url: "http://127.0.0.1/", Secret: secret, Types: ["Supplier"] }, 422],
    ["no types", { Url: "http://127.0.0.1/", Secret: secret }, 422],
    ["an unknown property", { Url: "http://127.0.0.1/", Secret: secret, Types: ["Customer"], Retry: "no" }, 400],
  ])("refuse %s", async (_situation, body, status) => {
    expect((await sandbox.api("POST", "/webhooks", { body })).status).toBe(status);
  });
});

describe("notifications", () => {
  it("name what changed and carry no data, signed over the raw body and the time", async () => {
    await subscribe();
    const { Id } = await sandbox.made("customers", { Name: "Geheim" });
    await settle(1);
    const [first] = received;
    expect(first?.events).toEqual([{ Type: "Customer", Id, Action: "Create", At: "2026-03-02T09:00:00.000Z" }]);
    expect(first?.raw).not.toContain("Geheim");
    const t = Date.parse("2026-03-02T09:00:00Z") / 1000;
    expect(first?.signature).toBe(`t=${t},v1=${createHmac("sha256", secret).update(`${t}.${first?.raw}`).digest("hex")}`);
  });

  it("tell creates, updates and deletes of the subscribed types, gathered; a patch that changes nothing is none", async () => {
    await subscribe(["Product"]);
    const { Id } = await sandbox.made("products", { Name: "P" });
    await sandbox.made("customers", { Name: "A" });
    await sandbox.api("PATCH", `/products/${Id}`, { body: { Name: "P" } });
    await sandbox.api("PATCH", `/products/${Id}`, { body: { Name: "Q" } });
    await sandbox.api("DELETE", `/products/${Id}`);
    await settle(1);
    expect(received[0]?.events.map((event) => [event.Id, event.Action])).toEqual([
      [Id, "Create"],
      [Id, "Update"],
      [Id, "Delete"],
    ]);
  });

  it("are repeated with growing pauses and a new signature until somebody answers 2xx", async () => {
    answers = [503, 302, 204];
    await subscribe();
    await sandbox.made("customers", { Name: "A" });
    await settle(1);
    await sandbox.pass(4_900);
    await sandbox.sandbox.settled();
    expect(received).toHaveLength(1);
    await sandbox.pass(200);
    await sandbox.sandbox.settled();
    expect(received).toHaveLength(2);
    await sandbox.pass(10_100);
    await sandbox.sandbox.settled();
    expect(received).toHaveLength(3);
    expect(new Set(received.map((one) => one.signature)).size).toBe(3);
    expect(new Set(received.map((one) => one.raw)).size).toBe(1);
    await sandbox.pass(3_600_000);
    await sandbox.sandbox.settled();
    expect(received).toHaveLength(3);
  });

  it("are given up after an hour", async () => {
    answers = Array.from({ length: 50 }, () => 500);
    await subscribe();
    await sandbox.made("customers", { Name: "A" });
    for (let minutes = 0; minutes < 180; minutes += 1) {
      await sandbox.pass(60_000);
      await sandbox.sandbox.settled();
    }
    // 0, 5, 15, 35, 75, 155, 315, 635, 1275 and 2555 s; the next would be after 5115 s.
    expect(received).toHaveLength(10);
  });

  it("count no answer within the time as a failure", async () => {
    sandbox.set({ webhooks: { ...sandbox.settings.webhooks, timeoutMs: 50 } });
    answers = [null];
    await subscribe();
    await sandbox.made("customers", { Name: "A" });
    await settle(1);
    await sandbox.pass(5_100);
    await sandbox.sandbox.settled();
    expect(received).toHaveLength(2);
    expect(sandbox.sandbox.deliveries().map((delivery) => delivery.status)).toEqual([null, 204]);
  });

  it("are lost, doubled or held back on request", async () => {
    await subscribe();
    sandbox.set({ webhooks: { ...sandbox.settings.webhooks, loss: 1 } });
    await sandbox.made("customers", { Name: "Verloren" });
    await settle(0);
    sandbox.set({ webhooks: { ...sandbox.settings.webhooks, loss: 0, doubles: 1 } });
    await sandbox.made("customers", { Name: "Dubbel" });
    await settle(2);
    expect(received[0]?.raw).toBe(received[1]?.raw);
    sandbox.set({ webhooks: { ...sandbox.settings.webhooks, doubles: 0, disorder: 1 } });
    const late = await sandbox.made("customers", { Name: "Later" });
    await settle(2);
    sandbox.set({ webhooks: { ...sandbox.settings.webhooks, disorder: 0 } });
    const soon = await sandbox.made("customers", { Name: "Eerder" });
    await settle(3);
    await sandbox.pass(1000);
    await sandbox.sandbox.settled();
    expect(received.slice(2).map((one) => one.events[0]?.Id)).toEqual([soon.Id, late.Id]);
  });
});
