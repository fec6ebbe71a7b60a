import { afterEach, describe, expect, it } from "vitest";
import { InvalidInputError, RefusedError, UnavailableError } from "../src/domain/errors.js";
import { createLog, loggedError } from "../src/log.js";
import { decideInBrowser } from "./e2e/browser.js";
import { type SmallWorld, startSmallWorld, until } from "./e2e/small-world.js";

/** What the two sandboxes are seeded with, what clients send, and what lets anybody in. */
const people = ["Vos Metaal", "De Haan Bouw", "Bakkerij Smit", "Eva", "vosmetaal", "dehaanbouw", "bakkerijsmit", "020 555 0100", "0205550100"];
const sent = ["Zeldzame Naam", "zeldzaam@", "Geheime Notitie", "06-12345678", "Ongeldige Eva"];
const key = "operator-key-0123456789abcdef";
const guess = "guessed-key-0123456789abcdef";

let world: SmallWorld | null = null;
const lines: string[] = [];
afterEach(async () => {
  await world?.stop();
  world = null;
});

const post = async (query: string, variables: object = {}, credential = key): Promise<{ data?: unknown; errors?: { extensions: { code: string } }[] }> => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${credential}` };
  const answer = await fetch(`${world?.app.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return (await answer.json()) as never;
};

/** A key is asked for first. */
async function consent({ app, exact }: SmallWorld): Promise<void> {
  const authorization = `Basic ${Buffer.from(`operator:${key}`).toString("base64")}`;
  expect((await fetch(`${app.url}/auth/exact`, { redirect: "manual" })).status).toBe(401);
  expect((await fetch(await decideInBrowser(app.url, exact.origin, "allow", { authorization }))).status).toBe(200);
}

describe("the log of a whole run, in every detail", { timeout: 90_000 }, () => {
  it("has request and entity ids, and neither a person's data nor a secret", async () => {
    const log = createLog("trace", { write: (line: string) => void lines.push(line) });
    world = await startSmallWorld({ mode: "real", log, env: { API_KEYS: `ops:${key}`, FIRST_CONTACT: "live", SYNC_INTERVAL_SECONDS: "3600" } });
    const { exact, customcrm } = world;
    const app = await world.start();
    await consent(world);
    await until(async () => (await app.store.entities.counts("ACCOUNT")).LINKED === 3, "the firms are linked");

    // What goes well.
    const list = 'query Firms { accounts(filter: { name: { equals: "Vos Metaal" } }, maxAge: 0) { nodes { id name email contacts { nodes { fullName } } } } }';
    expect(await post(list)).toMatchObject({ data: { accounts: { nodes: [{ name: "Vos Metaal" }] } } });
    const create = "mutation New($input: CreateAccountInput!) { createAccount(input: $input) { status account { id name } } }";
    const fields = { name: "Zeldzame Naam BV", email: "zeldzaam@naam.nl", phone: "06-12345678", description: "Geheime Notitie" };
    const made = await post(create, { input: { fields } });
    expect(made, JSON.stringify(made)).toMatchObject({ data: { createAccount: { status: "APPLIED", account: { name: "Zeldzame Naam BV" } } } });

    // What clients get wrong.
    expect((await post('{ account(by: { id: "Ongeldige Eva" } { name }')).errors?.[0]?.extensions.code).toBe("GRAPHQL_PARSE_FAILED");
    expect((await post('{ accounts(after: "Ongeldige Eva") { totalCount } }')).errors).toHaveLength(1);
    expect((await post(create, { input: { fields: { ...fields, nothing: "Ongeldige Eva" } } })).errors).toHaveLength(1);
    await post(create, { input: { fields: { ...fields, email: "Ongeldige Eva" } } });
    expect((await post(list, {}, guess)).errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
    const forged = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ Content: { Topic: "Accounts", Key: "Eva" }, HashCode: "00" }),
    };
    expect((await fetch(`${app.url}/webhooks/exact`, forged)).status).toBe(401);
    await fetch(`${app.url}/webhooks/customcrm`, forged);
    await fetch(`${app.url}/auth/exact/callback?code=Eva-code&state=Eva-state`);

    // What the systems get wrong: their words hold the values that they were sent.
    const words = "De naam Zeldzame Naam BV (zeldzaam@naam.nl) van Eva bestaat al";
    const refusal = { kind: "status" as const, status: 400, body: { title: words, detail: words, errors: [{ field: "Name", message: words }] } };
    customcrm.faults.add({ method: "POST", path: "/api/v1/customers", times: 1, fault: refusal });
    exact.faults.add({
      method: "POST",
      path: "crm/Accounts",
      times: 1,
      fault: { kind: "status", status: 500, body: { error: { code: "", message: { lang: "", value: words } } } },
    });
    await post(create, { input: { fields: { ...fields, name: "Zeldzame Naam Twee" } } });
    for (const kind of ["html-502", "garbage", "half-body", "reset-before"] as const) {
      exact.faults.add({ method: "GET", path: "/api/v1/\\d+/", times: 2, fault: { kind } });
      customcrm.faults.add({ method: "GET", path: "/api/v1/", times: 2, fault: { kind } });
      await post(list);
      exact.core.editAccount("00000000-0000-4000-8000-000000000001", { Phone: "020 555 0100 9" });
      await app.engine.poll("EXACT").catch((error: unknown) => log.warn(error, "A poll failed."));
      await app.engine.poll("CUSTOMCRM").catch((error: unknown) => log.warn(error, "A poll failed."));
    }

    // What we get wrong ourselves.
    const { list: listed } = app.store.entities;
    app.store.entities.list = async () => JSON.parse('{"Name": Vos Metaal}');
    expect((await post(list)).errors?.[0]?.extensions.code).toBe("INTERNAL_SERVER_ERROR");
    app.store.entities.list = listed;

    const tokens = JSON.parse((await app.store.secrets.get("exact-tokens"))?.value ?? "{}") as Record<string, unknown>;
    expect(tokens).toMatchObject({ accessToken: expect.any(String), refreshToken: expect.any(String) });
    await world.stopApp();

    const text = lines.join("");
    const secrets = [
      ...[key, guess, Buffer.from(`operator:${key}`).toString("base64")],
      ...[String(tokens.accessToken), String(tokens.refreshToken)],
      ...["EXACT_CLIENT_SECRET", "EXACT_WEBHOOK_SECRET", "CUSTOMCRM_TOKEN", "CUSTOMCRM_WEBHOOK_SECRET", "ENCRYPTION_KEY"].map(
        (name) => world?.env[name] ?? name,
      ),
    ];
    const leaked = [...people, ...sent, ...secrets].filter((word) => text.includes(word));
    expect(leaked.map((word) => ({ word, line: lines.find((line) => line.includes(word)) }))).toEqual([]);

    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.length).toBeGreaterThan(50);
    // A line has what it is about, and nothing of the lines before it.
    expect(parsed.filter((line) => "route" in line && "operation" in line)).toEqual([]);
    expect(parsed.find(({ name }) => name === "Firms")).toMatchObject({ operation: "query", requestId: expect.any(String), caller: "key:ops" });
    expect(parsed.find(({ name }) => name === "New")).toMatchObject({ level: 30, operation: "mutation" });
    expect(parsed.some(({ entityId, state }) => /^acc_/.test(String(entityId)) && state === "LINKED")).toBe(true);
    // A call to a system can be found by the request that it was made for.
    const { requestId } = parsed.find(({ name }) => name === "New") ?? {};
    expect(parsed.filter((line) => line.requestId === requestId && line.method === "POST")).toMatchObject([{ system: "EXACT" }, { system: "CUSTOMCRM" }]);
    expect(parsed.find(({ errorId }) => errorId !== undefined)).toMatchObject({ err: { type: "SyntaxError", stack: expect.stringContaining("at ") } });
  });
});

describe("an error in the log", () => {
  it.each<[string, unknown, object]>([
    ["a refusal without the system's words", new RefusedError("EXACT", [{ property: "Name", message: "Eva bestaat al" }]), { message: "EXACT refused Name." }],
    ["nothing of what a client sent", new InvalidInputError('`after` is no cursor: "Eva"'), { message: '`after` is no cursor: "…"' }],
    ["no e-mail address", new Error("No mailbox eva.vos@vosmetaal.nl here"), { message: "No mailbox …@… here" }],
    ["nothing of what a parser read", errorOf(() => JSON.parse('{"Name": Eva Vos}')), { type: "SyntaxError", message: expect.not.stringContaining("Eva") }],
    [
      "the same of its causes",
      new UnavailableError("EXACT", "It did not answer.", { cause: new RefusedError("EXACT", [{ property: null, message: "Eva" }]) }),
      { type: "UnavailableError", code: "SYSTEM_UNAVAILABLE", system: "EXACT", cause: { message: "EXACT refused the whole." } },
    ],
    ["a value that is no error", { name: "Eva" }, {}],
  ])("shows %s", (_what, error, shown) => {
    const logged = loggedError(error);
    if (error instanceof Error) expect(logged).toMatchObject(shown);
    expect(JSON.stringify(logged)).not.toMatch(/Eva|eva\.vos/);
  });

  it("shows where a fault of our own came from", () => {
    expect(loggedError(new TypeError("x is not a function"))).toMatchObject({
      type: "TypeError",
      message: "x is not a function",
      stack: expect.stringContaining("logs.test.ts"),
    });
  });
});

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
