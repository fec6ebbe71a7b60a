import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dayMs, redirectUri, reply, startTestSandbox, type TestSandbox } from "./helpers.js";

let test: TestSandbox;
beforeAll(async () => {
  test = await startTestSandbox();
});
afterAll(() => test.sandbox.stop());
beforeEach(() => {
  Object.assign(test.sandbox.settings, { refreshGrace: false, consentEndsOldChain: false, reuseEndsChain: false, tokenCallsPerDay: null });
});

const exchange = (code: string, uri = redirectUri) => test.token({ grant_type: "authorization_code", code, redirect_uri: uri });
const me = (accessToken: string) =>
  fetch(`${test.sandbox.origin}/api/v1/current/Me`, { headers: { authorization: `Bearer ${accessToken}`, accept: "application/json" } });
const pass = (seconds: number) => test.clock.advance(seconds * 1000);

describe("the consent page", () => {
  const ask = (more: Record<string, string> = {}) => {
    const query = new URLSearchParams({
      client_id: "sandbox-client",
      redirect_uri: redirectUri,
      response_type: "code",
      state: "s&1",
      force_login: "0",
      ...more,
    });
    return fetch(`${test.sandbox.origin}/api/oauth2/auth?${query}`);
  };
  const decide = (decision: string) => {
    const body = new URLSearchParams({ client_id: "sandbox-client", redirect_uri: redirectUri, response_type: "code", state: "s&1", decision });
    return fetch(`${test.sandbox.origin}/api/oauth2/auth`, { method: "POST", body, redirect: "manual" });
  };

  it("asks the person in whose name the app would work", async () => {
    const page = await (await ask()).text();
    expect(page).toContain("sandbox-client");
    expect(page).toContain('value="s&#38;1"');
    expect(page).toContain("Sandbox B.V.");
  });

  it("sends the person back with a code and the state, the code's exclamation mark encoded", async () => {
    const back = await decide("allow");
    expect(back.status).toBe(302);
    const location = back.headers.get("location") ?? "";
    expect(location.startsWith(`${redirectUri}?code=`)).toBe(true);
    expect(location).toContain("%21");
    const sent = new URL(location).searchParams;
    expect(sent.get("state")).toBe("s&1");
    expect((await exchange(sent.get("code") ?? "")).status).toBe(200);
  });

  it("sends the person back with an error if the app is denied", async () => {
    const sent = new URL((await decide("deny")).headers.get("location") ?? "").searchParams;
    expect([sent.get("error"), sent.get("state"), sent.has("code")]).toEqual(["access_denied", "s&1", false]);
  });

  it("refuses another client, and an address that is neither registered nor loopback", async () => {
    expect((await ask({ client_id: "other" })).status).toBe(400);
    expect((await ask({ redirect_uri: "https://evil.example/cb" })).status).toBe(400);
    expect((await ask({ response_type: "token" })).status).toBe(400);
    test.sandbox.settings.redirectUris = ["https://good.example/cb"];
    expect((await ask({ redirect_uri: "https://good.example/cb" })).status).toBe(200);
  });
});

describe("a code", () => {
  it("buys a pair of tokens whose lifetime is a text", async () => {
    const { status, body } = await exchange(test.sandbox.issueCode(redirectUri));
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "bearer", expires_in: "600" });
    expect((await me(body.access_token)).status).toBe(200);
  });

  it("is good once, for three minutes, and for its own address", async () => {
    const broken = { status: 400, body: { error: "invalid_grant", error_description: "Token is not allowed, because of invalid or empty chainId" } };
    const code = test.sandbox.issueCode(redirectUri);
    await exchange(code);
    expect(await exchange(code)).toMatchObject(broken);
    const late = test.sandbox.issueCode(redirectUri);
    await pass(181);
    expect(await exchange(late)).toMatchObject(broken);
    expect(await exchange(test.sandbox.issueCode(redirectUri), "http://127.0.0.1:1/other")).toMatchObject(broken);
  });

  it("is broken by decoding it twice or not at all", async () => {
    const code = test.sandbox.issueCode(redirectUri);
    expect(code).toContain("!");
    expect((await exchange(encodeURIComponent(code).replace("!", "%21"))).body.error).toBe("invalid_grant");
  });
});

describe("the token endpoint", () => {
  it("takes a form only", async () => {
    const answer = await fetch(`${test.sandbox.origin}/api/oauth2/token`, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
    expect([answer.status, (await answer.json()).error]).toEqual([400, "invalid_request"]);
  });

  it("refuses another secret and another grant", async () => {
    expect((await test.token({ grant_type: "refresh_token", client_secret: "wrong" })).body.error).toBe("invalid_client");
    expect((await test.token({ grant_type: "client_credentials" })).body.error).toBe("unsupported_grant_type");
  });

  it("may have a limit of calls a day", async () => {
    await test.clock.advance(dayMs);
    test.sandbox.settings.tokenCallsPerDay = 1;
    await test.consent();
    expect((await test.token({ grant_type: "client_credentials" })).status).toBe(429);
    await test.clock.advance(dayMs);
    expect((await test.token({ grant_type: "client_credentials" })).status).toBe(400);
  });
});

describe("a refresh token", () => {
  it("is refused before 570 seconds, and taken from then on", async () => {
    const { refresh_token } = await test.consent();
    await pass(569);
    const early = await test.refresh(refresh_token);
    expect(early).toMatchObject({ status: 400, body: { error: "access_denied", error_description: "Rate limit exceeded: access_token not expired" } });
    expect(early.headers.get("reason")).toMatch(/^TooEarlyToRefreshTokens: /);
    await pass(1);
    const { status, body } = await test.refresh(refresh_token);
    expect(status).toBe(200);
    expect((await me(body.access_token)).status).toBe(200);
  });

  it("is retired by its use", async () => {
    const { refresh_token } = await test.consent();
    await pass(580);
    const { body } = await test.refresh(refresh_token);
    await pass(580);
    expect(await test.refresh(refresh_token)).toMatchObject({
      status: 401,
      body: { error: "unauthorized_client", error_description: "Old refresh token used." },
    });
    expect((await test.refresh(body.refresh_token)).status).toBe(200);
  });

  it("gives one of two callers at the same time the tokens, and the other the refusal", async () => {
    const { refresh_token } = await test.consent();
    await pass(580);
    const statuses = (await Promise.all([test.refresh(refresh_token), test.refresh(refresh_token)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 401]);
  });

  it("expires after thirty days, and says when in American", async () => {
    const { refresh_token } = await test.consent();
    await test.clock.advance(30 * dayMs);
    const { status, body } = await test.refresh(refresh_token);
    expect([status, body.error]).toEqual([400, "invalid_request"]);
    expect(body.error_description).toMatch(/^The refresh token expired at \d+\/\d+\/2026 \d+:\d\d:\d\d [AP]M and it is now \d+\/\d+\/2026 .*\.$/);
  });

  it("with grace works again until a token of the new pair is used", async () => {
    test.sandbox.settings.refreshGrace = true;
    const { refresh_token } = await test.consent();
    await pass(580);
    await test.refresh(refresh_token);
    await pass(580);
    const { status, body } = await test.refresh(refresh_token);
    expect(status).toBe(200);
    await me(body.access_token);
    await pass(580);
    expect((await test.refresh(refresh_token)).status).toBe(401);
  });

  it("ends its chain when it is used again, if so set", async () => {
    test.sandbox.settings.reuseEndsChain = true;
    const { refresh_token } = await test.consent();
    await pass(580);
    const { body } = await test.refresh(refresh_token);
    expect((await test.refresh(refresh_token)).status).toBe(401);
    expect((await me(body.access_token)).status).toBe(401);
    await pass(580);
    expect((await test.refresh(body.refresh_token)).body.error).toBe("invalid_grant");
  });

  it("is stranded by another consent, if so set", async () => {
    test.sandbox.settings.consentEndsOldChain = true;
    const { refresh_token } = await test.consent();
    await test.consent();
    await pass(580);
    expect((await test.refresh(refresh_token)).body.error).toBe("invalid_grant");
  });

  it("is broken when the consent is withdrawn", async () => {
    const { access_token, refresh_token } = await test.consent();
    test.sandbox.revokeConsent();
    expect((await me(access_token)).status).toBe(401);
    await pass(580);
    expect(await test.refresh(refresh_token)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });
});

describe("an access token", () => {
  it("lives for 600 seconds, and its end is told in a header alone", async () => {
    const { access_token } = await test.consent();
    await pass(599);
    expect((await me(access_token)).status).toBe(200);
    await pass(1);
    const refused = await reply(await me(access_token));
    expect([refused.status, refused.text]).toEqual([401, ""]);
    expect(refused.headers.get("www-authenticate")).toContain("access token expired");
  });

  it("of the pair before still works after a refresh", async () => {
    const { access_token, refresh_token } = await test.consent();
    await pass(571);
    await test.refresh(refresh_token);
    expect((await me(access_token)).status).toBe(200);
  });

  it("must be one that was given", async () => {
    expect((await me("made-up")).headers.get("www-authenticate")).toContain("message expired");
    expect((await fetch(`${test.sandbox.origin}/api/v1/current/Me`)).status).toBe(401);
  });
});

describe("a call that the user or the app may not make", () => {
  it.each(["BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired", "DivisionBlocked", "NoDivisionAccess"] as const)(
    "is refused with 403 and the reason %s",
    async (reason) => {
      test.sandbox.settings.refusal = reason;
      const refused = await test.get("sync/Deleted?$select=ID");
      test.sandbox.settings.refusal = null;
      expect([refused.status, refused.headers.get("reason")]).toEqual([403, reason]);
    },
  );

  it("is refused for another company", async () => {
    const refused = await test.get("/api/v1/999/crm/Contacts");
    expect([refused.status, refused.headers.get("reason")]).toEqual([403, "NoDivisionAccess"]);
  });

  it("is refused by the name of the scope that is missing", async () => {
    test.sandbox.settings.scopes = ["crm accounts"];
    expect(await test.get("webhooks/WebhookSubscriptions")).toMatchObject({
      status: 403,
      body: { error: { code: "", message: { value: "Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope." } } },
    });
    expect((await test.get("crm/Contacts")).status).toBe(200);
    test.sandbox.settings.scopes = [];
    expect((await test.get("crm/Contacts")).status).toBe(403);
    test.sandbox.settings.scopes = ["crm accounts", "organization administration"];
  });

  it("is refused for deletions without the right to read them", async () => {
    test.sandbox.settings.mayReadDeleted = false;
    expect((await test.get("sync/Deleted?$select=ID")).status).toBe(403);
    test.sandbox.settings.mayReadDeleted = true;
  });
});
