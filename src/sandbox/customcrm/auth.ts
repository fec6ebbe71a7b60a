import { Problem } from "./problem.js";
import type { CustomcrmSettings } from "./settings.js";
import type { State } from "./state.js";

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string | number>>;
}

/** Bearer tokens: the static one, and those of the client-credentials grant (RFC 6749, 4.4). */
export class Auth {
  private readonly expiries = new Map<string, number>();

  constructor(
    private readonly now: () => number,
    private readonly newToken: () => string,
    private readonly settings: () => CustomcrmSettings,
    tokens: State["accessTokens"],
  ) {
    for (const { token, expiresAt } of tokens) this.expiries.set(token, expiresAt);
  }

  /** 401 unless the header carries a token that is good now. */
  check(authorization: string | undefined): void {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    if (token !== undefined && token === this.settings().token) return;
    const expiresAt = token === undefined || this.settings().oauth === null ? undefined : this.expiries.get(token);
    if (expiresAt !== undefined && this.now() < expiresAt) return;
    const why =
      token === undefined ? "Send Authorization: Bearer with a token." : expiresAt === undefined ? "The token is not known." : "The token has expired.";
    const challenge = token === undefined ? "Bearer" : 'Bearer error="invalid_token"';
    throw new Problem(401, "unauthorized", why, { headers: { "WWW-Authenticate": challenge } });
  }

  /** `POST /oauth/token` with the client's name and secret in the form or as Basic credentials. */
  grant(form: URLSearchParams, authorization: string | undefined): TokenAnswer {
    const { oauth } = this.settings();
    if (oauth === null) throw new Problem(404, "not-found", "This Customcrm has no token endpoint.");
    const [id, secret] = basicOf(authorization) ?? [form.get("client_id"), form.get("client_secret")];
    if (id !== oauth.clientId || secret !== oauth.clientSecret)
      return refusal(401, "invalid_client", "The client or its secret is not known.", { "WWW-Authenticate": "Basic" });
    if (form.get("grant_type") === null) return refusal(400, "invalid_request", "grant_type is missing.");
    if (form.get("grant_type") !== "client_credentials") return refusal(400, "unsupported_grant_type", "Only client_credentials is offered.");
    const token = this.newToken();
    this.expiries.set(token, this.now() + oauth.tokenLifeSeconds * 1000);
    return { status: 200, headers: { "Cache-Control": "no-store" }, body: { access_token: token, token_type: "Bearer", expires_in: oauth.tokenLifeSeconds } };
  }

  /** Forgets all granted tokens, as when an operator withdraws them. */
  revokeAll(): void {
    this.expiries.clear();
  }

  state(): State["accessTokens"] {
    return [...this.expiries].filter(([, expiresAt]) => expiresAt > this.now()).map(([token, expiresAt]) => ({ token, expiresAt }));
  }
}

function refusal(status: number, error: string, description: string, headers: Record<string, string> = {}): TokenAnswer {
  return { status, headers: { "Cache-Control": "no-store", ...headers }, body: { error, error_description: description } };
}

/** Name and secret are form-encoded within Basic credentials (RFC 6749, 2.3.1). */
function basicOf(authorization: string | undefined): readonly [string, string] | null {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return null;
  const [id = "", ...rest] = Buffer.from(encoded, "base64").toString().split(":");
  const plain = new URLSearchParams(`id=${id}&secret=${rest.join(":")}`);
  return [plain.get("id") ?? "", plain.get("secret") ?? ""];
}
