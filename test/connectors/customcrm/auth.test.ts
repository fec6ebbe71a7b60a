import { afterEach, describe, expect, it } from "vitest";
import { createCustomcrmConnector } from "../../../src/connectors/customcrm/connector.js";
import { InvalidInputError } from "../../../src/domain/errors.js";
import { background, caught, customer, interactive, page, problem, type Scripted, startScripted } from "./helpers.js";

let scripted: Scripted | null = null;
afterEach(async () => {
  await scripted?.stop();
  scripted = null;
});

const oauth = { clientId: "id:1", clientSecret: "s ecret", tokenUrl: "set by the helper" };

async function startWithOauth(now = () => 0) {
  const started = await startScripted({ oauth, clock: now });
  scripted = started;
  let tokens = 0;
  started.server.answer((request) => {
    if (request.path !== "/oauth/token") return page([]);
    return { json: { access_token: `t${++tokens}`, token_type: "bearer", expires_in: "600" } };
  });
  return { ...started, tokensUsed: () => started.server.requests.filter(({ path }) => path !== "/oauth/token").map(({ headers }) => headers.authorization) };
}

describe("client credentials", () => {
  it("get one token for many calls, also at the same time", async () => {
    const { connector, server, tokensUsed } = await startWithOauth();
    await Promise.all([connector.probe(background), connector.probe(background), connector.probe(background)]);
    expect(tokensUsed()).toEqual(["Bearer t1", "Bearer t1", "Bearer t1"]);
    const asked = server.requests.filter(({ path }) => path === "/oauth/token");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.body).toBe("grant_type=client_credentials");
    expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from("id%3A1:s%20ecret").toString("base64")}`);
  });

  it("get another one before it expires", async () => {
    let now = 0;
    const { connector, tokensUsed } = await startWithOauth(() => now);
    await connector.probe(background);
    now = 569_000;
    await connector.probe(background);
    now = 571_000;
    await connector.probe(background);
    expect(tokensUsed()).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
  });

  it("get another one, once, when the system does not take it any more; a write is repeated then, as it was not done", async () => {
    const { connector, server, tokensUsed } = await startWithOauth();
    await connector.probe(background);
    server.script(problem(401, "expired"), { json: { access_token: "new", expires_in: 600 } }, { status: 201, json: customer("c9") });
    expect(await connector.create("Customer", { Name: "A" }, "key-12345", interactive)).toMatchObject({ id: "c9" });
    expect(tokensUsed().slice(1)).toEqual(["Bearer t1", "Bearer new"]);
    server.script(problem(401, "expired"), { json: { access_token: "x", expires_in: 600 } }, problem(401, "expired"));
    expect(await caught(connector.probe(background))).toMatchObject({ name: "NotAuthorizedError" });
  });

  it.each([
    [400, "NotAuthorizedError"],
    [401, "NotAuthorizedError"],
    [503, "UnavailableError"],
    [200, "UnexpectedAnswerError"],
  ])("that are answered %i fail as %s, and nothing was sent to the CRM", async (status, name) => {
    const { connector, server, tokensUsed } = await startWithOauth();
    server.script({ status, json: { error: "invalid_client" } });
    expect(await caught(connector.create("Customer", { Name: "A" }, "key-12345", interactive))).toMatchObject({ name });
    expect(tokensUsed()).toEqual([]);
  });
});

describe("a static token", () => {
  it("that is not taken is not tried twice", async () => {
    scripted = await startScripted();
    scripted.server.otherwise(problem(401, "unauthorized"));
    await caught(scripted.connector.probe(background));
    expect(scripted.asked()).toHaveLength(1);
  });

  it("or client credentials are needed, not both", () => {
    expect(() => createCustomcrmConnector({ baseUrl: "http://127.0.0.1:1" })).toThrow(InvalidInputError);
    expect(() => createCustomcrmConnector({ baseUrl: "http://127.0.0.1:1", token: "t", oauth: { ...oauth, tokenUrl: "http://127.0.0.1:1/" } })).toThrow(
      InvalidInputError,
    );
  });
});
