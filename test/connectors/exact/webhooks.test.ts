import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readWebhook } from "../../../src/connectors/exact/index.js";
import { RefusedError } from "../../../src/domain/errors.js";
import { exactError, guid, now, type Rig, results, startRig } from "./helpers.js";

/** Webhooks: reference section 6. */

const secret = "webhook-secret";
const reader = { secret, clientId: "11111111-2222-3333-4444-555555555555", division: 123456, topics: ["Accounts", "Contacts"] as const };
const contentOf = (more: Record<string, unknown> = {}) =>
  JSON.stringify({
    Topic: "Accounts",
    ClientId: "{11111111-2222-3333-4444-555555555555}",
    Division: 123456,
    Action: "Update",
    Key: guid(0xabc).toUpperCase(),
    ExactOnlineEndpoint: `https://start.exactonline.nl/api/v1/123456/crm/Accounts(guid'${guid(0xabc)}')`,
    EventCreatedOn: "2026-06-25T16:21:04.26",
    ...more,
  });
const signed = (content: string, key = secret) =>
  Buffer.from(`{"Content":${content},"HashCode":"${createHmac("sha256", key).update(content).digest("hex").toUpperCase()}"}`);

describe("a notification", () => {
  it("is a hint to look at one record", () => {
    expect(readWebhook(signed(contentOf()), reader)).toMatchObject({ kind: "hint", hint: { type: "Accounts", id: guid(0xabc), action: "update" } });
    expect(readWebhook(signed(contentOf({ Topic: "Contacts", Action: "DELETE" })), reader)).toMatchObject({ hint: { type: "Contacts", action: "delete" } });
  });

  it("is signed over its raw bytes: what would be written otherwise by us still counts", () => {
    expect(readWebhook(signed(contentOf().replace('"Topic"', ' "Topic" ').replace("Update", "Up\\u0064ate")), reader).kind).toBe("hint");
    expect(readWebhook(signed(contentOf({ Note: 'é ☃ ","HashCode":"' })), reader).kind).toBe("hint");
  });

  it.each([
    ["a byte is changed", Buffer.from(signed(contentOf()).toString().replace("Update", "Delete"))],
    ["another secret was used", signed(contentOf(), "client-secret")],
    ["there is no signature", Buffer.from(`{"Content":${contentOf()}}`)],
    ["the signature is too short", Buffer.from(`{"Content":${contentOf()},"HashCode":"ABCD"}`)],
    ["something follows the signature", Buffer.concat([signed(contentOf()), Buffer.from("x")])],
    ["it is something else", Buffer.from("hello")],
    ["the content is no JSON", signed("nonsense")],
  ])("is refused when %s", (_name, body) => {
    expect(readWebhook(body, reader).kind).toBe("refused");
  });

  it.each([
    ["another topic", { Topic: "Items" }],
    ["another division", { Division: 9 }],
    ["another app", { ClientId: guid(1) }],
  ])("of %s is ignored", (_name, more) => {
    expect(readWebhook(signed(contentOf(more)), reader).kind).toBe("ignored");
  });

  it("has the same key when it comes twice, and another when anything differs", () => {
    const keyOf = (more = {}) => {
      const read = readWebhook(signed(contentOf(more)), reader);
      return read.kind === "hint" ? read.replayKey : null;
    };
    expect(keyOf()).toBe(keyOf());
    expect(keyOf()).not.toBe(keyOf({ EventCreatedOn: "2026-06-25T16:21:05" }));
  });

  it("with an empty body is the handshake, which carries no signature", () => {
    expect(readWebhook(Buffer.alloc(0), reader)).toEqual({ kind: "handshake" });
  });
});

describe("subscriptions", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.connect();
  });
  afterEach(() => rig.stop());

  const callback = "https://tandem.example/webhooks/exact";
  const subscription = (n: number, topic: string, url = callback, clientId = "11111111-2222-3333-4444-555555555555") => ({
    ID: guid(n),
    Topic: topic,
    CallbackURL: url,
    ClientID: clientId,
  });
  const done = { status: 204, text: "" };
  const made = { status: 201, json: { d: { ID: guid(50) } } };
  const writes = () => rig.server.apiCalls.slice(1).map((call) => `${call.method} ${call.path.split("/").at(-1)} ${call.body}`.trim());
  const post = (topic: string) => `POST WebhookSubscriptions ${JSON.stringify({ Topic: topic, CallbackURL: callback })}`;

  it("are made where there are none", async () => {
    rig.server.answer(results([]), made, made);
    expect(await rig.exact.ensureSubscriptions(callback, now)).toEqual([
      { topic: "Accounts", action: "created" },
      { topic: "Contacts", action: "created" },
    ]);
    expect(writes()).toEqual([post("Accounts"), post("Contacts")]);
  });

  it("are kept when they are right", async () => {
    rig.server.answer(results([subscription(1, "Accounts"), subscription(2, "Contacts")]));
    expect((await rig.exact.ensureSubscriptions(callback, now)).map((one) => one.action)).toEqual(["kept", "kept"]);
    expect(writes()).toEqual([]);
  });

  it("are deleted and made anew when they lead elsewhere, as Exact refuses to update them; others' are left alone", async () => {
    rig.server.answer(
      results([
        subscription(1, "Accounts", "https://old.example/hook"),
        subscription(2, "Contacts"),
        subscription(3, "Contacts"),
        subscription(4, "Accounts", "https://other.example", guid(77)),
        subscription(5, "Items", "https://old.example/hook"),
      ]),
      done,
      made,
      done,
    );
    expect((await rig.exact.ensureSubscriptions(callback, now)).map((one) => one.action)).toEqual(["recreated", "kept"]);
    expect(writes()).toEqual([`DELETE WebhookSubscriptions(guid'${guid(1)}')`, post("Accounts"), `DELETE WebhookSubscriptions(guid'${guid(3)}')`]);
  });

  it("pass on why Exact could not reach the receiver (HK)", async () => {
    rig.server.answer(results([]), exactError("Invalid: Post to callback URL endpoint returns 503 Service Unavailable"));
    const end = rig.exact.ensureSubscriptions(callback, now);
    await expect(end).rejects.toThrow(RefusedError);
    await expect(end).rejects.toThrow(/returns 503/);
  });
});
