import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { CustomcrmSubscriptions } from "../../../src/connectors/customcrm/subscriptions.js";
import { readCustomcrmWebhook } from "../../../src/connectors/customcrm/webhook.js";
import { memoryDocuments } from "./documents.js";
import { background, type Scripted, startScripted } from "./helpers.js";

const secret = "a secret of sixteen";
const now = Date.parse("2026-03-10T12:00:00.000Z");
const t = now / 1_000;
const body = Buffer.from('{"Events":[{"Type":"Customer","Id":"c1","Action":"Update","At":"2026-03-10T11:59:59.000Z"}], "Note":"é"}');
const v1 = (bytes: Buffer, at: number, key = secret) => createHmac("sha256", key).update(`${at}.`).update(bytes).digest("hex");
const signature = (bytes = body, at = t, key = secret) => `t=${at},v1=${v1(bytes, at, key)}`;

describe("a message from Customcrm", () => {
  it("that is signed over its raw bytes gives its hints", () => {
    expect(readCustomcrmWebhook({ body, signature: signature() }, secret, now)).toEqual({
      ok: true,
      hints: [{ type: "Customer", id: "c1", action: "Update" }],
      receipt: v1(body, t),
      keepReceiptMs: 600_000,
    });
  });

  it("may carry more than one signature, as while a secret is changed", () => {
    expect(readCustomcrmWebhook({ body, signature: `${signature()},v1=${"0".repeat(64)}` }, secret, now).ok).toBe(true);
    expect(readCustomcrmWebhook({ body, signature: `t=${t},v1=${"0".repeat(64)},v1=${v1(body, t)}` }, secret, now).ok).toBe(true);
  });

  it("has the same receipt when it comes again, and another one when it says something else", () => {
    const other = Buffer.from('{"Events":[]}');
    const receipts = [body, body, other]
      .map((bytes) => readCustomcrmWebhook({ body: bytes, signature: signature(bytes) }, secret, now))
      .map((one) => one.ok && one.receipt);
    expect(receipts[0]).toBe(receipts[1]);
    expect(receipts[0]).not.toBe(receipts[2]);
  });

  it.each<[string, Buffer, string | undefined, number]>([
    ["no signature", body, undefined, now],
    ["an empty signature", body, "", now],
    ["no time", body, `v1=${v1(body, t)}`, now],
    ["no v1", body, `t=${t}`, now],
    ["another secret", body, signature(body, t, "another secret of ours"), now],
    ["another time than was signed", body, `t=${t - 1},v1=${v1(body, t)}`, now],
    ["a changed byte", Buffer.from(body.toString().replace("c1", "c2")), signature(), now],
    ["the same JSON written otherwise", Buffer.from(JSON.stringify(JSON.parse(body.toString()))), signature(), now],
    ["an upper-case signature", body, signature().toUpperCase().replace("T=", "t=").replace("V1=", "v1="), now],
    ["a signature that is cut", body, signature().slice(0, -2), now],
    ["a time more than five minutes ago", body, signature(body, t - 301), now],
    ["a time more than five minutes ahead", body, signature(body, t + 301), now],
    ["a signed body that is not JSON", Buffer.from("hello"), signature(Buffer.from("hello")), now],
    ["a signed body of another form", Buffer.from('{"Events":[{"Type":"Invoice"}]}'), signature(Buffer.from('{"Events":[{"Type":"Invoice"}]}')), now],
  ])("with %s is refused, with a reason", (_what, bytes, given, at) => {
    expect(readCustomcrmWebhook({ body: bytes, signature: given }, secret, at)).toEqual({ ok: false, reason: expect.stringMatching(/^The .*\.$/) });
  });

  it("is taken up to five minutes after it was signed", () => {
    expect(readCustomcrmWebhook({ body, signature: signature(body, t - 299) }, secret, now).ok).toBe(true);
  });
});

describe("the subscription", () => {
  let scripted: Scripted;
  afterEach(() => scripted.stop());

  const url = "https://gateway.example/webhooks/customcrm";
  const types = ["Customer", "Contact", "Product"];

  /** A Customcrm that keeps subscriptions. */
  async function start(existing: { Id: string; Url: string; Types?: string[] }[] = [], envelope: "list" | "page" = "list") {
    scripted = await startScripted({ documents: memoryDocuments() });
    let kept = existing;
    let made = 0;
    const secrets: string[] = [];
    scripted.server.answer(({ method, path, body: sent }) => {
      if (method === "GET") return { json: envelope === "list" ? kept : { items: kept } };
      if (method === "DELETE") {
        kept = kept.filter((one) => one.Id !== path.split("/").at(-1));
        return { status: 204 };
      }
      const { Secret, ...rest } = JSON.parse(sent) as { Url: string; Secret: string; Types: string[] };
      secrets.push(Secret);
      kept = [...kept, { Id: `w${++made}`, ...rest }];
      return { status: 201, json: { Id: `w${made}` } };
    });
    const subscriptions = scripted.connector.subscriptions as CustomcrmSubscriptions;
    return { ensure: (at = url, key = secret) => subscriptions.ensure(at, key, background), subscriptions, kept: () => kept, secrets };
  }

  it.each(["list", "page"] as const)("is made once and then kept (a %s of subscriptions)", async (envelope) => {
    const { ensure, kept, secrets } = await start([{ Id: "theirs", Url: "https://other.example", Types: ["Customer"] }], envelope);
    expect([await ensure(), await ensure()]).toEqual(["made", "kept"]);
    expect(kept()).toEqual([
      { Id: "theirs", Url: "https://other.example", Types: ["Customer"] },
      { Id: "w1", Url: url, Types: types },
    ]);
    expect(secrets).toEqual([secret]);
  });

  it("is made again when somebody removed it, or when it was cut down to some types", async () => {
    const { ensure, subscriptions, kept } = await start();
    await ensure();
    await subscriptions.remove(background);
    expect(await ensure()).toBe("made");
    kept()[0]?.Types?.pop();
    expect(await ensure()).toBe("repaired");
    expect(kept()).toEqual([{ Id: "w3", Url: url, Types: types }]);
  });

  it("is made anew when the secret or the address was changed", async () => {
    const { ensure, kept, secrets } = await start();
    await ensure();
    expect(await ensure(url, "another secret of ours")).toBe("repaired");
    expect(await ensure(`${url}/2`, "another secret of ours")).toBe("repaired");
    expect(kept()).toEqual([{ Id: "w3", Url: `${url}/2`, Types: types }]);
    expect(secrets).toEqual([secret, "another secret of ours", "another secret of ours"]);
  });

  it("of our address that we did not make, or made twice, is replaced by one of ours", async () => {
    const { ensure, kept } = await start([
      { Id: "a", Url: url, Types: types },
      { Id: "b", Url: url, Types: types },
    ]);
    expect(await ensure()).toBe("repaired");
    expect(kept()).toEqual([{ Id: "w1", Url: url, Types: types }]);
  });

  it("is not offered by a CRM without webhooks", async () => {
    scripted = await startScripted({ documents: memoryDocuments(), capabilities: { webhooks: false } });
    expect(scripted.connector.subscriptions).toBeNull();
  });
});
