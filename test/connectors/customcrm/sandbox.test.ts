import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { CallOptions } from "../../../src/connectors/connector.js";
import { type CustomcrmOptions, createCustomcrmConnector } from "../../../src/connectors/customcrm/connector.js";
import { readCustomcrmWebhook } from "../../../src/connectors/customcrm/webhook.js";
import { PositionExpiredError } from "../../../src/domain/errors.js";
import { type CustomcrmSandboxOptions, startCustomcrmSandbox } from "../../../src/sandbox/customcrm/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { makeSeed } from "../../../src/sandbox/seed/index.js";
import { memoryDocuments } from "./documents.js";
import { caught } from "./helpers.js";

const options: CallOptions = { class: "poll" };
const none = { customers: [], contacts: [], products: [] };
const dayMs = 86_400_000;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(sandboxOptions: CustomcrmSandboxOptions = {}, more: Partial<CustomcrmOptions> = {}) {
  const clock = new VirtualClock(Date.parse("2026-03-10T12:00:00.000Z"));
  const sandbox = await startCustomcrmSandbox({ initial: none, clock, ...sandboxOptions });
  const access = more.oauth ? {} : { token: sandbox.settings.token };
  const oauth = more.oauth ? { oauth: { ...more.oauth, tokenUrl: `${sandbox.origin}/oauth/token` } } : {};
  const connector = createCustomcrmConnector({ baseUrl: `${sandbox.origin}/api/v1`, clock: () => clock.now(), ...more, ...access, ...oauth });
  stops.push(
    () => sandbox.stop(),
    () => connector.stop(),
  );
  return { sandbox, connector, clock };
}

async function readAll(connector: Awaited<ReturnType<typeof start>>["connector"], from: string | null = null) {
  const changes = [];
  let position = from;
  let pages = 0;
  for (let more = true; more; pages++) {
    const page = await connector.readFeed("changes", position, options);
    changes.push(...page.changes);
    ({ position, more } = page);
  }
  return { changes, position, pages };
}

describe("the Customcrm connector on the sandbox", () => {
  it("reads the whole seed by its feed in as few pages as there can be", async () => {
    const { sandbox, connector } = await start({ initial: makeSeed("tandem").customcrm });
    const { changes, pages } = await readAll(connector);
    const all = (["Customer", "Contact", "Product"] as const).flatMap((type) => sandbox.core.all(type));
    expect(changes).toHaveLength(all.length);
    expect(pages).toBe(Math.ceil(all.length / 500));
    const customers = changes.flatMap((change) => (change.kind === "upsert" && change.record.type === "Customer" ? [change.record] : []));
    const byId = await connector.getMany(
      "Customer",
      customers.map((record) => record.id),
      options,
    );
    for (const record of customers) expect(byId.get(record.id)).toEqual(record);
  });

  it("makes one record of a create that is repeated with its key, and another one of another key", async () => {
    const { sandbox, connector } = await start();
    sandbox.faults.add({ method: "POST", times: 1, fault: { kind: "reset-after" } });
    const create = (key: string) => connector.create("Customer", { Name: "Once" }, key, options);
    await caught(create("the same key"));
    const { id } = await create("the same key");
    expect(sandbox.core.all("Customer").map((record) => record.id)).toEqual([id]);
    await create("another key");
    expect(sandbox.core.all("Customer")).toHaveLength(2);
    expect(await caught(connector.create("Customer", { Name: "Other" }, "the same key", options))).toMatchObject({
      name: "RefusedError",
      reason: "idempotency-key-reused",
    });
  });

  it("does not overwrite an edit that was made meanwhile", async () => {
    const { sandbox, connector } = await start();
    const { id } = sandbox.core.create("Customer", { Name: "A" });
    const before = (await connector.getMany("Customer", [id], options)).get(id);
    sandbox.core.patch("Customer", id, { City: "Breda" });
    expect(await caught(connector.update("Customer", id, { Name: "B" }, before?.etag ?? null, options))).toMatchObject({ name: "ModifiedElsewhereError" });
    expect(await caught(connector.remove("Customer", id, before?.etag ?? null, options))).toMatchObject({ name: "ModifiedElsewhereError" });
    expect(sandbox.core.find("Customer", id)?.values).toMatchObject({ Name: "A", City: "Breda" });
  });

  it("is given an ETag by each answer that guards the next write", async () => {
    const { connector } = await start();
    const made = await connector.create("Customer", { Name: "A" }, "key-12345", options);
    const first = await connector.update("Customer", made.id, { City: "Breda" }, made.record?.etag ?? null, options);
    const second = await connector.update("Customer", made.id, { City: null }, first?.etag ?? null, options);
    expect(second?.properties).toMatchObject({ Name: "A", City: null });
    expect(made.record?.etag).not.toBe(first?.etag);
    await connector.remove("Customer", made.id, second?.etag ?? null, options);
  });

  it("is refused with reasons that name the properties", async () => {
    const { sandbox, connector } = await start();
    const { id } = sandbox.core.create("Customer", { Name: "A" });
    sandbox.core.create("Contact", { LastName: "Bos", CustomerId: id });
    const tooLong = await caught(connector.update("Customer", id, { Name: "x".repeat(201), Country: "Nowhere" }, null, options));
    expect(tooLong).toMatchObject({ name: "RefusedError" });
    expect((tooLong as { reasons: { property: string }[] }).reasons.map((reason) => reason.property).sort()).toEqual(["Country", "Name"]);
    expect(await caught(connector.create("Contact", { LastName: "Bos", CustomerId: "nobody" }, "key-12345", options))).toMatchObject({ name: "RefusedError" });
    expect(await caught(connector.remove("Customer", id, null, options))).toMatchObject({ name: "RefusedError", reason: "has-dependents" });
  });

  it("is told when the feed no longer reaches back, 30 days later", async () => {
    const { sandbox, connector, clock } = await start();
    const { id } = sandbox.core.create("Customer", { Name: "A" });
    const { position } = await readAll(connector);
    sandbox.core.remove("Customer", id);
    await clock.advance(29 * dayMs);
    expect((await readAll(connector, position)).changes).toMatchObject([{ kind: "delete", ref: { id } }]);
    await clock.advance(2 * dayMs);
    expect(await caught(readAll(connector, position))).toBeInstanceOf(PositionExpiredError);
  });

  it("waits as long as it is told to when there were too many calls", async () => {
    const { connector, clock, sandbox } = await start({ settings: { rateLimit: { calls: 2, windowSeconds: 60 } } });
    await connector.probe(options);
    await connector.probe(options);
    expect(await caught(connector.probe(options))).toMatchObject({ name: "RateLimitedError", retryAt: "2026-03-10T12:01:00.000Z" });
    const calls = sandbox.calls.count();
    await caught(connector.probe(options));
    expect(sandbox.calls.count()).toBe(calls);
    await clock.advance(60_000);
    await connector.probe(options);
  });

  it("lets itself in with client credentials, and again when the tokens were withdrawn or have run out", async () => {
    const { sandbox, connector, clock } = await start({}, { oauth: { clientId: "sandbox-client", clientSecret: "sandbox-secret", tokenUrl: "" } });
    await connector.probe(options);
    await fetch(`${sandbox.origin}/_control/revoke`, { method: "POST" });
    await connector.probe(options);
    await clock.advance(2 * 3_600_000);
    await connector.probe(options);
    expect((await connector.status()).authorized).toBe(true);
  });

  it("never writes a property that this CRM does not have", async () => {
    const omitted = ["Customer.VatNumber"];
    const { connector } = await start({ settings: { omitted } }, { omits: omitted });
    const { id } = await connector.create("Customer", { Name: "A", VatNumber: "NL1" }, "key-12345", options);
    expect((await connector.update("Customer", id, { City: "Breda", VatNumber: "NL2" }, null, options))?.properties).toMatchObject({
      City: "Breda",
      VatNumber: null,
    });
  });

  it("reads a list without `changes` to its end although its cursor has expired", async () => {
    const { sandbox, connector, clock } = await start({ settings: { capabilities: { changes: false } } }, { capabilities: { changes: false } });
    for (let index = 0; index < 450; index++) sandbox.core.create("Customer", { Name: `C${index}` });
    const first = await connector.readFeed("customers", null, options);
    await clock.advance(2 * dayMs);
    const seen = new Set(first.changes.map((change) => change.kind === "upsert" && change.record.id));
    for (let page = first; page.more; ) {
      page = await connector.readFeed("customers", page.position, options);
      for (const change of page.changes) seen.add(change.kind === "upsert" && change.record.id);
    }
    expect(seen.size).toBe(450);
  });

  it("makes a subscription whose messages it can read", async () => {
    const secret = "a secret of sixteen";
    const received: { readonly body: Buffer; readonly signature: string | undefined }[] = [];
    const receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      received.push({ body: Buffer.concat(chunks), signature: String(request.headers["x-customcrm-signature"]) });
      response.writeHead(204).end();
    });
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    stops.push(async () => void receiver.close());
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/customcrm`;

    const { sandbox, connector, clock } = await start({}, { documents: memoryDocuments() });
    expect(await connector.subscriptions?.ensure(url, secret, options)).toBe("made");
    expect(await connector.subscriptions?.ensure(url, secret, options)).toBe("kept");
    const { id } = sandbox.core.create("Customer", { Name: "A" });
    sandbox.core.patch("Customer", id, { Name: "B" });
    await clock.advance(1_000);
    await sandbox.settled();
    await expect.poll(() => received.length).toBe(1);
    const [message] = received;
    if (!message) throw new Error("No message came.");
    expect(readCustomcrmWebhook(message, secret, clock.now())).toMatchObject({
      ok: true,
      hints: [
        { type: "Customer", id, action: "Create" },
        { type: "Customer", id, action: "Update" },
      ],
    });
    expect(readCustomcrmWebhook(message, secret, clock.now() + 6 * 60_000)).toMatchObject({ ok: false });
  });
});
