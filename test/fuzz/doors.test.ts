import { createHmac } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entityTypes } from "../../src/domain/words.js";
import { exactId, type SmallWorld, startSmallWorld } from "../e2e/small-world.js";
import { mutated, mutation, nastyJson, nastyText } from "./nasty.js";
import { faultLog, type RawAnswer, sendRaw } from "./raw.js";

const { log, faults } = faultLog();
let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld({ log });
  await world.start();
  await world.app.ready;
}, 60_000);
afterAll(() => world.stop(), 60_000);

/** All that the gateway knows, but for when it last looked. */
async function known(): Promise<unknown> {
  const found: unknown[] = [];
  for (const type of entityTypes) for await (const batch of world.app.store.entities.scan(type)) found.push(...batch);
  return found;
}

/** `cases` hold for anything that comes in; afterwards nothing is changed, nothing failed inside, and `good` is answered. */
async function holds(cases: Promise<void>, good: () => Promise<void>): Promise<void> {
  const before = await known();
  await cases;
  expect(await known()).toEqual(before);
  await good();
  expect(faults).toEqual([]);
}

const anyBody = fc.oneof(
  nastyText.map((text) => Buffer.from(text)),
  nastyJson.map((value) => Buffer.from(JSON.stringify(value) ?? "")),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(Buffer.alloc(300_000, "x")),
);
/** A header's value can't have line ends, or the bytes would be another request. */
const headerBytes = fc.oneof(nastyText, fc.string({ unit: "binary", maxLength: 60 })).map((text) => Buffer.from(text.replace(/[\r\n\0]/g, "").slice(0, 2_000)));

describe("whatever comes to the door of Exact's webhooks", () => {
  const content = () => ({
    Topic: "Accounts",
    ClientId: world.exact.settings.clientId,
    Division: world.exact.settings.division,
    Action: "Update",
    Key: exactId(1),
    EventCreatedOn: "2026-06-25T12:00:00.000",
  });
  const hash = (text: string | Buffer) => createHmac("sha256", "sandbox-webhook-secret").update(text).digest("hex").toUpperCase();
  const signed = (text: string | Buffer) => Buffer.concat([Buffer.from('{"Content":'), Buffer.from(text), Buffer.from(`,"HashCode":"${hash(text)}"}`)]);
  const post = (body: Buffer, headers: readonly (string | Buffer)[] = []) => sendRaw(world.app.url, ["POST /webhooks/exact HTTP/1.1", ...headers], body);
  const good = async () => {
    const answer = await post(signed(JSON.stringify({ ...content(), EventCreatedOn: new Date().toISOString() })), ["content-type: application/json"]);
    expect(answer.status).toBe(204);
  };

  it("unsigned, or signed with something else, is refused in words", async () => {
    const bodies = fc.oneof(
      anyBody,
      fc
        .tuple(fc.nat(), mutation)
        .map(([at, what]) => Buffer.from(JSON.stringify(mutated({ Content: content(), HashCode: "AB".repeat(32) }, at, what) ?? null))),
    );
    const types = fc.constantFrom("application/json", "text/plain; charset=utf-16", "multipart/form-data", "; ;", "application/json, text/xml");
    const cases = fc.asyncProperty(bodies, types, async (body, type) => {
      const answer = await post(body, [`content-type: ${type}`]);
      expect([204, 401, 413]).toContain(answer.status);
      // Exact tries a new address with an empty body.
      if (answer.status === 204) expect(body).toHaveLength(0);
      else expect(told(answer)).toMatch(/\w+/);
    });
    await holds(fc.assert(cases, { numRuns: 80 }), good);
  });

  it("signed well, is a hint or is let go, whatever it holds", async () => {
    const contents = fc.oneof(
      fc.tuple(fc.nat(), mutation).map(([at, what]) => JSON.stringify(mutated(content(), at, what) ?? null)),
      nastyJson.map((value) => JSON.stringify(value)),
      nastyText,
      fc.constantFrom('{"Topic":"Accounts"', `${"[".repeat(20_000)}`, `{"a":${"[".repeat(9_000)}${"]".repeat(9_000)}}`),
    );
    const cases = fc.asyncProperty(contents, async (text) => {
      expect([204, 401]).toContain((await post(signed(text))).status);
    });
    await holds(fc.assert(cases, { numRuns: 80 }), good);
  });
});

describe("whatever comes to the door of Customcrm's webhooks", () => {
  const events = () => ({ Events: [{ Type: "Customer", Id: "cus1", Action: "Update", At: new Date(world.clock.now()).toISOString() }] });
  const signatureOf = (body: Buffer, t = Math.floor(world.clock.now() / 1000)) =>
    `t=${t},v1=${createHmac("sha256", "sandbox-webhook-secret").update(`${t}.`).update(body).digest("hex")}`;
  const post = (body: Buffer, headers: readonly (string | Buffer)[]) => sendRaw(world.app.url, ["POST /webhooks/customcrm HTTP/1.1", ...headers], body);
  const good = async () => {
    const body = Buffer.from(JSON.stringify(events()));
    expect((await post(body, [`x-customcrm-signature: ${signatureOf(body)}`])).status).toBe(204);
  };

  it("unsigned, or signed in some other way, is refused in words", async () => {
    const body = Buffer.from("{}");
    const texts = fc.oneof(
      headerBytes,
      fc
        .constantFrom("t=,v1=", "t=1e9,v1=00", `t=${"9".repeat(400)},v1=${"0".repeat(64)}`, "v1=v1=v1,t", "t=-1", `v1=${"é".repeat(64)},t=1`)
        .map((text) => Buffer.from(text)),
      fc.tuple(fc.nat(80), headerBytes).map(([at, bytes]) => {
        const real = Buffer.from(signatureOf(body));
        return Buffer.concat([real.subarray(0, at), bytes.subarray(0, 20), real.subarray(at + 3)]);
      }),
    );
    const cases = fc.asyncProperty(texts, fc.integer({ min: 0, max: 2 }), async (text, times) => {
      const header = Buffer.concat([Buffer.from("x-customcrm-signature: "), text]);
      const answer = await post(
        body,
        Array.from({ length: times }, () => header),
      );
      // 400: no HTTP that could be read.
      expect([400, 401]).toContain(answer.status);
      expect(answer.body).toMatch(/\w+|^$/);
    });
    await holds(fc.assert(cases, { numRuns: 80 }), good);
  });

  it("signed well, is hints or is refused in words", async () => {
    const bodies = fc.oneof(
      anyBody,
      fc.tuple(fc.nat(), mutation).map(([at, what]) => Buffer.from(JSON.stringify(mutated(events(), at, what) ?? null))),
    );
    const cases = fc.asyncProperty(bodies, async (body) => {
      const answer = await post(body, [`x-customcrm-signature: ${signatureOf(body)}`]);
      expect([204, 401, 413]).toContain(answer.status);
      if (answer.status !== 204) expect(told(answer)).toMatch(/\w+/);
    });
    await holds(fc.assert(cases, { numRuns: 80 }), good);
  });
});

describe("whatever comes back from a consent", () => {
  const callback = (query: string) => sendRaw(world.app.url, [`GET /auth/exact/callback${query} HTTP/1.1`]);
  /** A consent that was begun here, and not yet ended. */
  const begin = async () => {
    const answer = await fetch(`${world.app.url}/auth/exact`, { redirect: "manual" });
    return new URL(answer.headers.get("location") ?? "").searchParams.get("state") ?? "";
  };
  const redirectUri = () => `http://127.0.0.1:${world.config.port}/auth/exact/callback`;
  const good = async () => {
    // Exact gives no two tokens within ten minutes.
    await world.clock.advance(11 * 60_000);
    const answer = await callback(`?code=${encodeURIComponent(world.exact.issueCode(redirectUri()))}&state=${await begin()}`);
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining("Exact Online is connected") });
    await world.app.engine.poll("EXACT");
  };
  const encoded = fc.oneof(
    nastyText.map((text) => encodeURIComponent(Buffer.from(text).toString())),
    // Not as a URL should be, but something that HTTP lets pass.
    fc
      .oneof(nastyText, fc.constantFrom("%", "%zz", "%c3%28", "%00", "+", "&&", "==", "code", "a[]=1", "?", "/"))
      .map((text) => text.replace(/[^\x21-\x7e]/g, "")),
  );
  const parameter = fc.tuple(fc.constantFrom("code", "state", "error", "error_description", "__proto__", "scope"), encoded).map((pair) => pair.join("="));
  const refused = (answer: RawAnswer) => {
    // 414, 431: longer than any address.
    expect([400, 414, 431]).toContain(answer.status);
    if (answer.status === 400 && answer.body !== "") {
      expect(answer.body).not.toMatch(/<script>alert/);
      expect(answer.body).toMatch(/not connected|"BAD_REQUEST"/);
    }
  };

  it("that nobody began, is refused and changes nothing", async () => {
    const queries = fc.array(parameter, { maxLength: 6 }).map((parameters) => `?${parameters.join("&")}`.slice(0, 30_000));
    await holds(
      fc.assert(
        fc.asyncProperty(queries, async (query) => refused(await callback(query))),
        { numRuns: 80 },
      ),
      good,
    );
  });

  it("that was begun here, is refused in words where it brings no code of Exact's, and leaves the connection that stood", async () => {
    const rest = fc
      .array(
        parameter.filter((one) => !one.startsWith("state")),
        { maxLength: 3 },
      )
      .map((parameters) => parameters.join("&").slice(0, 8_000));
    const cases = fc.asyncProperty(rest, async (more) => {
      refused(await callback(`?state=${await begin()}&${more}`));
      await world.app.engine.poll("EXACT");
    });
    await holds(fc.assert(cases, { numRuns: 25 }), good);
  });
});

/** The sentence in an answer that refuses. */
const told = ({ body }: RawAnswer): string => {
  const answer = JSON.parse(body) as { readonly error?: string; readonly errors?: readonly { readonly message: string }[] };
  return answer.errors?.[0]?.message ?? answer.error ?? "";
};
