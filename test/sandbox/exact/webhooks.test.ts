import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorText, minuteMs, startTestSandbox, type TestSandbox } from "./helpers.js";
import { startReceiver } from "./receiver.js";

let test: TestSandbox;
let hook: Awaited<ReturnType<typeof startReceiver>>;
beforeEach(async () => {
  [test, hook] = await Promise.all([startTestSandbox({ webhookSecret: "whs" }), startReceiver()]);
});
afterEach(() => Promise.all([test.sandbox.stop(), hook.stop()]));

const subscribe = (topic = "Accounts", url = hook.url) => test.api("POST", "webhooks/WebhookSubscriptions", { body: { Topic: topic, CallbackURL: url } });
const listed = () => test.rows("webhooks/WebhookSubscriptions?$select=ID,Topic,CallbackURL");
const make = (values: object = {}) => test.sandbox.core.createAccount({ Name: "a", ...values });
const soon = () => test.clock.advance(minuteMs);
const actions = () => hook.notes().map(({ Content }) => Content.Action);

describe("subscribing", () => {
  it("posts nothing to the callback first, and is made if that is answered", async () => {
    const { status, body } = await subscribe();
    expect(status).toBe(201);
    expect(hook.received.map((received) => received.body)).toEqual([""]);
    expect(await listed()).toMatchObject([{ ID: body.d.ID, Topic: "Accounts", CallbackURL: hook.url }]);
  });

  it("fails if the callback refuses or can't be reached", async () => {
    hook.answer.status = 503;
    const refused = await subscribe();
    expect([refused.status, errorText(refused)]).toEqual([500, "Invalid: Post to callback URL endpoint returns 503. It must return a success status."]);
    expect((await subscribe("Accounts", "http://127.0.0.1:1/hook")).status).toBe(500);
    expect(await listed()).toEqual([]);
  });

  it("is done once for a topic, and anew after a delete", async () => {
    const { body } = await subscribe();
    expect(errorText(await subscribe())).toBe("Gegeven bestaat reeds.");
    expect((await subscribe("Contacts")).status).toBe(201);
    expect((await test.api("DELETE", `webhooks/WebhookSubscriptions(guid'${body.d.ID}')`)).status).toBe(204);
    expect((await test.api("DELETE", `webhooks/WebhookSubscriptions(guid'${body.d.ID}')`)).status).toBe(404);
    expect((await subscribe()).status).toBe(201);
  });

  it("is not changed by PUT", async () => {
    const { body } = await subscribe();
    expect((await test.api("PUT", `webhooks/WebhookSubscriptions(guid'${body.d.ID}')`, { body: { Topic: "Contacts" } })).status).toBe(405);
  });

  it("wants HTTPS and the app's host, except on loopback", async () => {
    expect(errorText(await subscribe("Accounts", "http://example.com/hook"))).toBe("Ongeldig: CallbackURL");
    test.sandbox.settings.callbackHost = "app.example";
    expect(errorText(await subscribe("Accounts", "https://other.example/hook"))).toBe("Ongeldig: CallbackURL");
  });

  it("wants a topic that there is, and both properties", async () => {
    expect(errorText(await subscribe("Nonsense"))).toBe("Ongeldig: Onderwerp");
    expect(errorText(await test.api("POST", "webhooks/WebhookSubscriptions", { body: {} }))).toBe("Verplicht: Onderwerp\r\nVerplicht: CallbackURL");
  });
});

describe("a notification", () => {
  it("names the record, and comes after a while", async () => {
    await subscribe();
    const id = make();
    expect(hook.notes()).toEqual([]);
    await soon();
    expect(hook.notes()).toMatchObject([
      {
        Content: {
          Topic: "Accounts",
          ClientId: "sandbox-client",
          Division: 3_141_592,
          Action: "Create",
          Key: id,
          ExactOnlineEndpoint: `${test.sandbox.origin}/api/v1/3141592/crm/Accounts(guid'${id}')`,
          EventCreatedOn: "2026-06-25T14:14:02.26",
        },
      },
    ]);
    expect(hook.received.at(-1)?.contentType).toContain("application/json");
  });

  it("is signed over the bytes between its two names, in upper-case hex", async () => {
    await subscribe();
    make();
    await soon();
    const [, content = "", hash] = /^\{"Content":(.*),"HashCode":"([0-9A-F]{64})"\}$/.exec(hook.received.at(-1)?.body ?? "") ?? [];
    expect(hash).toBe(createHmac("sha256", "whs").update(content).digest("hex").toUpperCase());
  });

  it("tells of updates and deletes, and of its own topic alone", async () => {
    await subscribe();
    const id = make();
    const contact = test.sandbox.core.createContact({ Account: id, LastName: "b" });
    test.sandbox.core.editAccount(id, { City: "Gent" });
    test.sandbox.core.deleteContact(contact);
    test.sandbox.core.deleteAccount(id);
    await soon();
    expect(actions()).toEqual(["Create", "Update", "Delete"]);
  });

  it.each([
    ["Accounts", { City: "Gent" }, true],
    ["Accounts", { Remarks: "x" }, false],
    ["Accounts", { Remarks: "x", City: "Gent" }, true],
    ["Accounts", { Name: "a" }, false],
    ["Contacts", { Phone: "1" }, true],
    ["Contacts", { Picture: "AAAA" }, false],
  ] as const)("of %s with %j is sent: %s", async (kind, patch, isSent) => {
    const account = make();
    const id = kind === "Accounts" ? account : test.sandbox.core.createContact({ Account: account, LastName: "b" });
    await subscribe(kind);
    test.sandbox.core.edit(kind, id, patch);
    await soon();
    expect(hook.notes()).toHaveLength(isSent ? 1 : 0);
  });

  it("is sent for the app's own writes too, unless switched off", async () => {
    await subscribe();
    await test.made("Accounts", { Name: "own" });
    test.sandbox.settings.webhookOwnWrites = false;
    await test.made("Accounts", { Name: "own" });
    make();
    await soon();
    expect(hook.notes()).toHaveLength(2);
  });

  it("may be lost, or come twice", async () => {
    await subscribe();
    test.sandbox.settings.webhookLoss = 1;
    make();
    await soon();
    expect(hook.notes()).toEqual([]);
    Object.assign(test.sandbox.settings, { webhookLoss: 0, webhookDoubles: 1 });
    make();
    await soon();
    expect(hook.notes()).toHaveLength(2);
    expect(hook.received.at(-1)?.body).toBe(hook.received.at(-2)?.body);
  });

  it("may come in another order", async () => {
    await subscribe();
    test.sandbox.settings.webhookDisorderMs = 30_000;
    const made = Array.from({ length: 12 }, () => make());
    await soon();
    const told = hook.notes().map(({ Content }) => Content.Key);
    expect(told).not.toEqual(made);
    expect([...told].sort()).toEqual([...made].sort());
  });

  it("is repeated until it is answered with success", async () => {
    await subscribe();
    hook.answer.status = 500;
    make();
    await test.clock.advance(2_000);
    expect(hook.notes()).toHaveLength(1);
    await test.clock.advance(60_000);
    expect(hook.notes()).toHaveLength(2);
    hook.answer.status = 200;
    await test.clock.advance(300_000);
    expect(hook.notes()).toHaveLength(3);
    await test.clock.advance(100 * minuteMs);
    expect(hook.notes()).toHaveLength(3);
  });

  it("that keeps failing may end the subscription", async () => {
    test.sandbox.settings.webhookDisabledAfter = 2;
    await subscribe();
    hook.answer.status = 500;
    make();
    await test.clock.advance(100 * minuteMs);
    expect(hook.notes()).toHaveLength(2);
    expect(await listed()).toEqual([]);
  });

  it("does not come after its subscription was deleted", async () => {
    const { body } = await subscribe();
    make();
    await test.api("DELETE", `webhooks/WebhookSubscriptions(guid'${body.d.ID}')`);
    await soon();
    expect(hook.notes()).toEqual([]);
  });
});
