import type { Random } from "../kit/index.js";
import { usText } from "./dates.js";
import { type ExactSettings, facts } from "./settings.js";

interface Code {
  readonly code: string;
  readonly redirectUri: string;
  readonly expiresAt: number;
}

/** What one consent has led to. */
interface Chain {
  refreshToken: string;
  issuedAt: number;
  /** The refresh token before, newest last: known, to be refused by name. */
  retired: string[];
  access: { token: string; expiresAt: number }[];
  /** Whether a token of the newest pair was used. */
  isUsed: boolean;
  isEnded: boolean;
}

export interface OAuthState {
  readonly codes: readonly Code[];
  readonly chains: readonly Chain[];
  readonly calls: { readonly day: number; readonly count: number };
}

/** The token endpoint's refusal: RFC 6749's two fields. */
export class TokenRefusal extends Error {
  override readonly name = "TokenRefusal";
  constructor(
    readonly status: number,
    readonly error: string,
    description: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(description);
  }
}

export type TokenForm = Readonly<Record<string, string | undefined>>;

/** Exact takes a number for a text here. */
export interface TokenPair {
  readonly access_token: string;
  readonly token_type: "bearer";
  readonly expires_in: string;
  readonly refresh_token: string;
}

const brokenChain = () => new TokenRefusal(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId");

/** Codes and tokens of the one app and user. Refresh tokens rotate: each use retires the one that was used. */
export class OAuth {
  private codes: Code[];
  private chains: Chain[];
  private calls: { day: number; count: number };

  constructor(
    private readonly settings: ExactSettings,
    private readonly now: () => number,
    private readonly random: Random,
    kept: OAuthState | null,
  ) {
    this.codes = [...(kept?.codes ?? [])];
    this.chains = (kept?.chains ?? []).map((chain) => ({ ...chain, retired: [...chain.retired], access: [...chain.access] }));
    this.calls = { ...(kept?.calls ?? { day: 0, count: 0 }) };
  }

  mayRedirectTo(uri: string): boolean {
    if (this.settings.redirectUris.includes(uri)) return true;
    return URL.canParse(uri) && isLoopback(new URL(uri).hostname);
  }

  /** The user consents: a code for that address, good for one use within three minutes. */
  issueCode(redirectUri: string): string {
    if (!this.mayRedirectTo(redirectUri)) throw new Error(`The app is not registered with the redirect address ${redirectUri}.`);
    const code = `stampNL001.${this.random.guid().slice(0, 4)}!${this.secret()}`;
    this.codes = [...this.codes.filter(({ expiresAt }) => expiresAt > this.now()), { code, redirectUri, expiresAt: this.now() + facts.codeLifeMs }];
    return code;
  }

  /** Answers a token request, or throws a TokenRefusal. */
  grant(form: TokenForm): TokenPair {
    this.countCall();
    if (form.client_id !== this.settings.clientId || form.client_secret !== this.settings.clientSecret) {
      throw new TokenRefusal(400, "invalid_client", "The client credentials are invalid.");
    }
    if (form.grant_type === "authorization_code") return this.exchange(form);
    if (form.grant_type === "refresh_token") return this.refresh(form.refresh_token ?? "");
    throw new TokenRefusal(400, "unsupported_grant_type", `The grant type '${form.grant_type ?? ""}' is not supported.`);
  }

  /** Why the header opens nothing; null: it does. */
  whyNot(authorization: string | undefined): "no access token" | "access token expired" | "message expired" | null {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return "no access token";
    const chain = this.chains.find(({ access }) => access.some((one) => one.token === token));
    const access = chain?.access.find((one) => one.token === token);
    if (!chain || !access || chain.isEnded) return "message expired";
    if (this.now() >= access.expiresAt) return "access token expired";
    if (chain.access.at(-1) === access) chain.isUsed = true;
    return null;
  }

  /** The user withdraws the consent: nothing of it works any more. */
  revoke(): void {
    for (const chain of this.chains) chain.isEnded = true;
  }

  state(): OAuthState {
    return { codes: this.codes, chains: this.chains, calls: this.calls };
  }

  private exchange({ code, redirect_uri: redirectUri }: TokenForm): TokenPair {
    const known = this.codes.find((one) => one.code === code);
    this.codes = this.codes.filter((one) => one !== known);
    if (!known || known.expiresAt <= this.now() || known.redirectUri !== redirectUri) throw brokenChain();
    if (this.settings.consentEndsOldChain) this.revoke();
    const chain: Chain = { refreshToken: "", issuedAt: 0, retired: [], access: [], isUsed: false, isEnded: false };
    this.chains = [...this.chains.slice(-20), chain];
    return this.issue(chain);
  }

  private refresh(token: string): TokenPair {
    const now = this.now();
    const chain = this.chains.find(({ refreshToken, retired }) => refreshToken === token || retired.includes(token));
    if (!chain || chain.isEnded) throw brokenChain();
    const isGraced = this.settings.refreshGrace && !chain.isUsed && chain.retired.at(-1) === token;
    if (chain.refreshToken !== token && !isGraced) {
      if (this.settings.reuseEndsChain) chain.isEnded = true;
      throw new TokenRefusal(401, "unauthorized_client", "Old refresh token used.");
    }
    const expiresAt = chain.issuedAt + facts.refreshTokenLifeMs;
    if (now >= expiresAt) throw new TokenRefusal(400, "invalid_request", `The refresh token expired at ${usText(expiresAt)} and it is now ${usText(now)}.`);
    if (now < chain.issuedAt + facts.refreshNotBeforeMs) {
      const reason = "TooEarlyToRefreshTokens: the access token is not about to expire.";
      throw new TokenRefusal(400, "access_denied", "Rate limit exceeded: access_token not expired", { Reason: reason });
    }
    return this.issue(chain);
  }

  private issue(chain: Chain): TokenPair {
    const now = this.now();
    const access = `stampNL001.${this.secret()}${this.secret()}`;
    if (chain.refreshToken !== "") chain.retired = [...chain.retired.slice(-200), chain.refreshToken];
    chain.refreshToken = `stampNL001.${this.random.guid().slice(0, 4)}!${this.secret()}`;
    chain.issuedAt = now;
    chain.isUsed = false;
    chain.access = [...chain.access.slice(-20), { token: access, expiresAt: now + facts.accessTokenLifeMs }];
    return { access_token: access, token_type: "bearer", expires_in: String(facts.accessTokenLifeMs / 1000), refresh_token: chain.refreshToken };
  }

  private countCall(): void {
    const day = Math.floor(this.now() / 86_400_000);
    if (day !== this.calls.day) this.calls = { day, count: 0 };
    this.calls.count++;
    const limit = this.settings.tokenCallsPerDay;
    if (limit !== null && this.calls.count > limit) throw new TokenRefusal(429, "access_denied", "Rate limit exceeded: too many token calls today");
  }

  private secret(): string {
    return Buffer.from((this.random.guid() + this.random.guid()).replaceAll("-", ""), "hex").toString("base64url");
  }
}

export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);
