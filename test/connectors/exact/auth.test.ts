import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InvalidInputError, NotAuthorizedError, RateLimitedError, StoreUnavailableError, UnavailableError } from "../../../src/domain/errors.js";
import { me, memoryStores, now, type Rig, results, type Stores, startRig, tokens } from "./helpers.js";

/** The connection with Exact: reference section 1. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

const pass = (seconds: number) => {
  rig.clock.now += seconds * 1000;
};
const read = (exact = rig.exact) => {
  rig.server.answer(results([]));
  return exact.list("Accounts", null, now);
};
const bearers = () => rig.server.apiCalls.map((call) => call.headers.authorization);
const refused = (status: number, error: string, description: string, headers: Record<string, string> = {}) => ({
  status,
  headers,
  json: { error, error_description: description },
});

describe("consent (§1 authorization code flow)", () => {
  it("sends the operator to Exact with the client, the redirect address and a state", async () => {
    const url = new URL(await rig.exact.authorizationUrl());
    expect(url.origin + url.pathname).toBe(`${rig.server.url}/api/oauth2/auth`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: "11111111-2222-3333-4444-555555555555",
      redirect_uri: "https://tandem.example/auth/exact/callback",
      response_type: "code",
      state: "state-1",
      force_login: "0",
    });
  });

  it("decodes the code exactly once, posts a form, stores the tokens and finds the division", async () => {
    await rig.exact.authorizationUrl();
    rig.server.answerToken(tokens(1));
    rig.server.answerMe(me());
    const user = await rig.exact.completeConsent("?code=stamp%21NL001.a%2521b+c%2F&state=state-1", now);

    const [call] = rig.server.tokenCalls;
    expect(call?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: "authorization_code",
      code: "stamp!NL001.a%21b+c/",
      redirect_uri: "https://tandem.example/auth/exact/callback",
      client_id: "11111111-2222-3333-4444-555555555555",
      client_secret: "s3cret&=",
    });
    expect(user).toEqual({ division: 123456, inUse: 123456, userName: "robin", zoneAgrees: true, skewMs: 0 });
    await read();
    expect(bearers()).toEqual(["Bearer access-1", "Bearer access-1"]);
  });

  it("uses the division of the consent where none is configured, on every replica", async () => {
    const open = rig.replica({ division: null });
    const state = new URL(await open.authorizationUrl()).searchParams.get("state");
    rig.server.answerToken(tokens(1));
    rig.server.answerMe(me({ CurrentDivision: 777 }));
    await open.completeConsent(`code=abc&state=${state}`, now);
    await read(rig.replica({ division: null }));
    expect(rig.server.apiCalls.at(-1)?.path).toMatch(/^\/api\/v1\/777\/bulk\/CRM\/Accounts\?/);
  });

  it("stays with the division of the consent when the user goes to another one", async () => {
    await rig.connect();
    rig.server.answerMe(me({ CurrentDivision: 777 }));
    const open = rig.replica({ division: null });
    expect((await open.findDivision(now)).division).toBe(777);
    await read(open);
    expect(rig.server.apiCalls.at(-1)?.path).toMatch(/^\/api\/v1\/123456\//);
  });

  it("stays with it when somebody consents anew in another division: its records are the linked ones", async () => {
    await rig.connect();
    const open = rig.replica({ division: null });
    const state = new URL(await open.authorizationUrl()).searchParams.get("state");
    rig.server.answerToken(tokens(2));
    rig.server.answerMe(me({ CurrentDivision: 777 }));
    expect(await open.completeConsent(`code=abc&state=${state}`, now)).toMatchObject({ division: 777, inUse: 123456 });
    await read(open);
    expect(rig.server.apiCalls.at(-1)?.path).toMatch(/^\/api\/v1\/123456\//);
  });

  it("asks Me for the division when it was not found at consent", async () => {
    const open = rig.replica({ division: null });
    const state = new URL(await open.authorizationUrl()).searchParams.get("state");
    rig.server.answerToken(tokens(1));
    rig.server.answerMe({ status: 503, text: "" });
    await expect(open.completeConsent(`code=abc&state=${state}`, now)).rejects.toThrow(UnavailableError);
    rig.server.answerMe(me({ CurrentDivision: 777 }));
    await read(open);
    expect(rig.server.apiCalls.at(-1)?.path).toMatch(/^\/api\/v1\/777\//);
  });

  it("notices that Exact's clock is not that of the configured zone", async () => {
    await rig.connect();
    rig.server.answerMe(me({ ServerUtcOffset: 3600 }));
    expect((await rig.exact.findDivision(now)).zoneAgrees).toBe(false);
  });

  it.each([
    ["the same second", "2026-06-25T16:00:00", 0],
    ["ahead", "2026-06-25T16:02:30", 150_000],
    ["behind, but for what the second hides", "2026-06-25T15:57:30", -149_001],
    ["silent", null, null],
  ])("tells how far Exact's clock is from ours: %s", async (_case, ServerTime, skewMs) => {
    await rig.connect();
    rig.server.answerMe(me({ ServerTime }));
    expect((await rig.exact.findDivision(now)).skewMs).toBe(skewMs);
  });

  it.each([
    ["a state that nobody was given", "code=abc&state=made-up"],
    ["no state", "code=abc"],
    ["no code", "state=state-1"],
    ["a query that is not encoded rightly", "code=%E0%A4%A&state=state-1"],
  ])("refuses a callback with %s, without a token call", async (_case, query) => {
    await rig.exact.authorizationUrl();
    await expect(rig.exact.completeConsent(query, now)).rejects.toThrow(InvalidInputError);
    expect(rig.server.calls).toEqual([]);
  });

  it("takes a state once, even if two callbacks bring it at the same time to two replicas", async () => {
    await rig.exact.authorizationUrl();
    rig.server.answerToken(tokens(1), tokens(2));
    rig.server.answerMe(me(), me());
    const ends = await Promise.allSettled([rig.exact.completeConsent("code=a&state=state-1", now), rig.replica().completeConsent("code=a&state=state-1", now)]);
    expect(ends.map((end) => end.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(rig.server.tokenCalls).toHaveLength(1);
  });

  it("refuses a state after a quarter of an hour", async () => {
    await rig.exact.authorizationUrl();
    pass(15 * 60);
    await expect(rig.exact.completeConsent("code=abc&state=state-1", now)).rejects.toThrow(/15 minutes/);
  });

  it("passes on why the operator got no consent", async () => {
    await rig.exact.authorizationUrl();
    const end = rig.exact.completeConsent("error=access_denied&error_description=No%20thanks&state=state-1", now);
    await expect(end).rejects.toThrow(NotAuthorizedError);
    await expect(end).rejects.toThrow(/access_denied: No thanks.*GET \/auth\/exact/);
  });

  it("tells that a code was refused, and leaves a working connection as it is", async () => {
    await rig.connect();
    const state = new URL(await rig.exact.authorizationUrl()).searchParams.get("state");
    rig.server.answerToken(refused(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId"));
    await expect(rig.exact.completeConsent(`code=abc&state=${state}`, now)).rejects.toThrow(/chainId.*GET \/auth\/exact/);
    await read();
    expect(bearers()).toEqual(["Bearer access-1"]);
  });

  it("names the way in when there was no consent yet, and calls nothing", async () => {
    await expect(read()).rejects.toThrow(NotAuthorizedError);
    await expect(read()).rejects.toThrow(/GET \/auth\/exact/);
    expect(rig.server.calls).toEqual([]);
    expect(await rig.exact.status()).toMatchObject({ authorized: false, problem: { code: "NOT_AUTHORIZED" } });
  });
});

describe("refresh (§1 lifetimes)", () => {
  beforeEach(() => rig.connect());

  it("uses a token for 570 s without asking for another", async () => {
    pass(571);
    await read();
    expect(rig.server.tokenCalls).toEqual([]);
  });

  it("asks for a new one in the last half minute", async () => {
    pass(575);
    rig.server.answerToken(tokens(2));
    await read();
    expect(Object.fromEntries(new URLSearchParams(rig.server.tokenCalls[0]?.body))).toMatchObject({ grant_type: "refresh_token", refresh_token: "refresh-1" });
    expect(bearers()).toEqual(["Bearer access-2"]);
  });

  it("rotates for hours: each refresh is made with the latest token, and none is early", async () => {
    let issued = rig.clock.now;
    for (let n = 2; n <= 40; n++) {
      pass(n % 3 === 0 ? 580 : 700);
      rig.server.answerToken(tokens(n));
      await read();
      expect(rig.clock.now - issued).toBeGreaterThanOrEqual(570_000);
      issued = rig.clock.now;
    }
    expect(rig.server.tokenCalls.map((call) => new URLSearchParams(call.body).get("refresh_token"))).toEqual(
      Array.from({ length: 39 }, (_, i) => `refresh-${i + 1}`),
    );
  });

  it("lets one process refresh, and the others, over all replicas, use what it got", async () => {
    pass(650);
    rig.server.answerToken(async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return tokens(2);
    });
    await Promise.all([rig.exact, rig.exact, rig.replica(), rig.replica(), rig.replica()].map(read));
    expect(rig.server.tokenCalls).toHaveLength(1);
    expect(new Set(bearers())).toEqual(new Set(["Bearer access-2"]));
  });

  it("does not wait for another process's refresh while the old token still serves", async () => {
    pass(580);
    await rig.stores.leases.acquire("exact-tokens", 30_000);
    await read();
    expect(bearers()).toEqual(["Bearer access-1"]);
  });

  it("stores the new tokens before it uses them", async () => {
    pass(650);
    rig.server.answerToken(tokens(2));
    rig.server.answer(async () => {
      stored = (await rig.stores.secrets.get("exact-tokens"))?.value ?? "";
      return results([]);
    });
    let stored = "";
    await rig.exact.list("Accounts", null, now);
    expect(stored).toContain("refresh-2");
  });

  it("waits when told that it is too early, and uses the old token meanwhile", async () => {
    pass(575);
    const early = "Rate limit exceeded: access_token not expired";
    rig.server.answerToken(refused(400, "access_denied", early, { Reason: `TooEarlyToRefreshTokens: ${early}` }));
    await read();
    pass(10);
    await read();
    expect(bearers()).toEqual(["Bearer access-1", "Bearer access-1"]);
    expect(rig.server.tokenCalls).toHaveLength(1);
    pass(16);
    await expect(read()).rejects.toThrow(RateLimitedError);
    pass(5);
    rig.server.answerToken(tokens(2));
    await read();
    expect(bearers().at(-1)).toBe("Bearer access-2");
  });

  it("goes on with the old token's last seconds when Exact does not answer, and refreshes later", async () => {
    pass(575);
    rig.server.answerToken({ status: 503, text: "<html>" });
    await read();
    pass(6);
    rig.server.answerToken(tokens(2));
    await read();
    expect(bearers()).toEqual(["Bearer access-1", "Bearer access-2"]);
  });

  it("is unavailable, not unauthorized, while the token endpoint fails", async () => {
    pass(650);
    rig.server.answerToken({ status: 503, text: "<html>" });
    await expect(read()).rejects.toThrow(UnavailableError);
    await expect(read()).rejects.toThrow(UnavailableError);
    expect(rig.server.tokenCalls).toHaveLength(1);
    expect((await rig.exact.status()).authorized).toBe(true);
    pass(6);
    rig.server.answerToken(tokens(2));
    await read();
  });

  it("comes back when told to after a 429", async () => {
    pass(650);
    rig.server.answerToken({ status: 429, headers: { "x-ratelimit-minutely-reset": String(rig.clock.now + 42_000) }, text: "" });
    await expect(read()).rejects.toMatchObject({ name: "RateLimitedError", retryAt: new Date(rig.clock.now + 42_000).toISOString() });
  });

  it.each([
    ["a retired token (PQ#487)", refused(401, "unauthorized_client", "Old refresh token used.")],
    ["an expired chain (WS#22)", refused(400, "invalid_request", "The refresh token expired at 6/1/2026 1:00:00 PM and it is now 6/25/2026 2:00:00 PM")],
    ["a broken chain (PQ#471)", refused(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId")],
  ])("ends with %s: the problem names the way out, and no further token call is made until a new consent", async (_case, answer) => {
    pass(650);
    rig.server.answerToken(answer);
    await expect(read()).rejects.toThrow(/GET \/auth\/exact/);
    pass(3600);
    await expect(read(rig.replica())).rejects.toThrow(NotAuthorizedError);
    expect(rig.server.tokenCalls).toHaveLength(1);
    expect(rig.server.apiCalls).toHaveLength(0);
    expect(await rig.exact.status()).toMatchObject({
      authorized: false,
      problem: { code: "NOT_AUTHORIZED", since: new Date(rig.clock.now - 3_600_000).toISOString() },
    });

    await rig.connect("refresh-new");
    expect((await rig.exact.status()).authorized).toBe(true);
  });

  it("knows without a call that a chain unused for 30 days is dead", async () => {
    pass(30 * 24 * 3600);
    await expect(read()).rejects.toThrow(/30 days.*GET \/auth\/exact/);
    expect(rig.server.calls).toEqual([]);
    expect((await rig.exact.status()).authorized).toBe(false);
  });

  it("tries again with a corrected client secret, without a new consent", async () => {
    pass(650);
    rig.server.answerToken(refused(400, "invalid_client", "Bad secret"));
    await expect(read()).rejects.toThrow(/EXACT_CLIENT_SECRET/);
    await expect(read()).rejects.toThrow(NotAuthorizedError);
    expect(rig.server.tokenCalls).toHaveLength(1);
    rig.server.answerToken(tokens(2));
    await read(rig.replica({ clientSecret: "right" }));
    expect(bearers()).toEqual(["Bearer access-2"]);
  });

  it("tries the old token once more after a lost answer, and says what happened if Exact has retired it", async () => {
    pass(650);
    rig.server.answerToken({ cut: "within" });
    await expect(read()).rejects.toThrow(UnavailableError);
    pass(11);
    rig.server.answerToken(refused(401, "unauthorized_client", "Old refresh token used."));
    await expect(read()).rejects.toThrow(/cut off before its tokens were stored.*GET \/auth\/exact/);
    expect(rig.server.tokenCalls.map((call) => new URLSearchParams(call.body).get("refresh_token"))).toEqual(["refresh-1", "refresh-1"]);
  });

  it("knows of a refresh by a process that died before it had stored the new tokens", async () => {
    pass(650);
    const { secrets } = rig.stores;
    const dying = {
      get: (name: string) => secrets.get(name),
      delete: (name: string) => secrets.delete(name),
      set: (name: string, value: string, version: number) => (value.includes("access-2") ? new Promise<never>(() => {}) : secrets.set(name, value, version)),
    };
    rig.server.answerToken(tokens(2));
    void rig.replica({ secrets: dying }).list("Accounts", null, now);
    await expect.poll(() => rig.server.tokenCalls.length).toBe(1);
    pass(31);
    rig.server.answerToken(refused(401, "unauthorized_client", "Old refresh token used."));
    await expect(read()).rejects.toThrow(/cut off before its tokens were stored.*GET \/auth\/exact/);
  });

  it("waits out the 570 s of a refresh whose answer was lost when Exact calls the next one early", async () => {
    pass(650);
    const lostAt = rig.clock.now;
    rig.server.answerToken({ cut: "within" });
    await expect(read()).rejects.toThrow(UnavailableError);
    pass(11);
    rig.server.answerToken(refused(400, "access_denied", "Rate limit exceeded: access_token not expired"));
    await expect(read()).rejects.toMatchObject({ name: "RateLimitedError", retryAt: new Date(lostAt + 572_000).toISOString() });
    pass(562);
    rig.server.answerToken(tokens(3));
    await read();
    expect(bearers()).toEqual(["Bearer access-3"]);
  });

  it("names the way out when the stored tokens were sealed with another key, and a new consent replaces them", async () => {
    await rig.stores.secrets.set("exact-tokens", "not what we wrote", (await rig.stores.secrets.get("exact-tokens"))?.version ?? 0);
    await expect(read()).rejects.toThrow(/ENCRYPTION_KEY.*GET \/auth\/exact/);
    expect((await rig.exact.status()).authorized).toBe(false);
    await rig.connect();
    await read();
    expect(bearers()).toEqual(["Bearer access-1"]);
  });

  it("does not lose tokens that the store would not take: they are stored before the next call", async () => {
    let isDown = false;
    const stores = (clock: () => number): Stores => {
      const real = memoryStores(clock);
      return {
        ...real,
        secrets: {
          get: (name) => real.secrets.get(name),
          delete: (name) => real.secrets.delete(name),
          set: async (name, value, version) => {
            if (isDown && value.includes("access-2")) throw new StoreUnavailableError("Redis does not answer.");
            return real.secrets.set(name, value, version);
          },
        },
      };
    };
    await rig.stop();
    rig = await startRig(stores);
    await rig.connect();
    pass(650);
    isDown = true;
    rig.server.answerToken(tokens(2));
    await expect(read()).rejects.toThrow(StoreUnavailableError);
    await expect(read()).rejects.toThrow(StoreUnavailableError);
    isDown = false;
    rig.server.calls.length = 0;
    await read();
    expect(rig.server.tokenCalls).toHaveLength(0);
    expect(bearers()).toEqual(["Bearer access-2"]);
  });

  it("keeps the new tokens when something else was noted in the store meanwhile", async () => {
    pass(650);
    const { secrets } = rig.stores;
    rig.server.answerToken(async () => {
      const stored = await secrets.get("exact-tokens");
      await secrets.set("exact-tokens", JSON.stringify({ ...JSON.parse(stored?.value ?? ""), isRejected: true, division: 7 }), stored?.version ?? 0);
      return tokens(2);
    });
    await read();
    expect(bearers()).toEqual(["Bearer access-2"]);
    expect((await secrets.get("exact-tokens"))?.value).toContain('"division":7');
  });

  it("lets a new consent win over a refresh that was under way", async () => {
    pass(650);
    rig.server.answerToken(async () => {
      const state = new URL(await rig.exact.authorizationUrl()).searchParams.get("state");
      rig.server.answerToken(tokens(9));
      rig.server.answerMe(me());
      await rig.replica().completeConsent(`code=abc&state=${state}`, now);
      return tokens(2);
    });
    await read();
    expect(bearers().at(-1)).toBe("Bearer access-9");
  });
});

describe("a 401 from the API (§1 API-side auth errors)", () => {
  const expired = { status: 401, headers: { "WWW-Authenticate": 'Bearer error="invalid_token", error_description="access token expired"' }, text: "" };
  beforeEach(() => rig.connect());

  it("repeats the call once with the token that another replica has stored since", async () => {
    pass(650);
    rig.server.answerToken(tokens(2));
    rig.server.answer(async () => {
      pass(650);
      rig.server.answer(results([]));
      rig.server.answerToken(tokens(3));
      await rig.replica().list("Contacts", null, now);
      return expired;
    });
    await read();
    expect(bearers()).toEqual(["Bearer access-2", "Bearer access-3", "Bearer access-3"]);
  });

  it("refreshes where that is allowed, and repeats the call", async () => {
    pass(575);
    await rig.stores.leases.acquire("exact-tokens", 1_000);
    rig.server.answer(() => {
      pass(2);
      return expired;
    });
    rig.server.answerToken(tokens(2));
    await read();
    expect(bearers()).toEqual(["Bearer access-1", "Bearer access-2"]);
  });

  it("fails, and does not refresh, before 570 s", async () => {
    rig.server.answer(expired);
    await expect(rig.exact.list("Accounts", null, now)).rejects.toThrow(/access token expired.*GET \/auth\/exact/);
    expect(rig.server.tokenCalls).toEqual([]);
    await read();
  });

  it("stops using a token that was refused twice running, as each refusal counts towards the error block", async () => {
    rig.server.answer(expired, expired);
    await expect(rig.exact.list("Accounts", null, now)).rejects.toThrow(NotAuthorizedError);
    await expect(rig.exact.list("Accounts", null, now)).rejects.toThrow(NotAuthorizedError);
    await expect(rig.replica().list("Accounts", null, now)).rejects.toThrow(NotAuthorizedError);
    expect(rig.server.apiCalls).toHaveLength(2);
    expect((await rig.exact.status()).authorized).toBe(false);
    pass(573);
    rig.server.answerToken(tokens(2));
    await read();
    expect(bearers().at(-1)).toBe("Bearer access-2");
    expect((await rig.exact.status()).authorized).toBe(true);
  });
});
