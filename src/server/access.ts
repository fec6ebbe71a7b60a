import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Logger } from "pino";
import type { Clock } from "../domain/words.js";
import { refusal } from "./refusal.js";

/** read: see everything that queries show. write: change entities. sync: operate the sync, and see values that have lost. */
export const scopes = ["read", "write", "sync"] as const;
export type Scope = (typeof scopes)[number];

/** Who asks. */
export interface Caller {
  /** Idempotency keys belong to it. null: nobody has to identify themselves, which the config allows on loopback only. */
  readonly name: string | null;
  readonly scopes: readonly Scope[];
  /** When the credential ends, in ms since 1970; a connection that lasts longer must end by then. null: never. */
  readonly until: number | null;
}

export interface AccessOptions {
  readonly apiKeys: readonly { readonly name: string; readonly digest: string; readonly scopes: readonly Scope[] }[];
  readonly jwksUrl: string | null;
  readonly jwtIssuer: string | null;
  readonly jwtAudiences: readonly string[];
}

/** Signatures by a key pair only: what the key set publishes must not be enough to sign. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const clockToleranceSeconds = 30;
const keySet = { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };
/** Nobody has a credential that long, and hashing a megabyte is work. */
const maxCredentialLength = 16_384;

/** Whether anybody has to identify themselves. */
export const isAccessRequired = ({ apiKeys, jwksUrl }: AccessOptions): boolean => apiKeys.length > 0 || jwksUrl !== null;

/**
 * Tells callers by an API key or by a JWT. Both come as `Authorization: Bearer …`; a key also as `X-Api-Key`, or as the password
 * of `Authorization: Basic …`, which is what browsers can ask a person for.
 */
export class Access {
  readonly #keys: readonly { readonly digest: Buffer; readonly caller: Caller }[];
  readonly #jwks: JWTVerifyGetKey | null;
  readonly #options: AccessOptions;
  readonly #clock: Clock;
  readonly #log: Pick<Logger, "warn">;

  constructor(options: AccessOptions, clock: Clock, log: Pick<Logger, "warn">) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#keys = options.apiKeys.map(({ name, digest, scopes }) => ({
      digest: Buffer.from(digest, "hex"),
      caller: { name: `key:${name}`, scopes, until: null },
    }));
    // Keys are fetched when first needed, kept for ten minutes, and again when a token names one that is not known.
    this.#jwks = options.jwksUrl === null ? null : createRemoteJWKSet(new URL(options.jwksUrl), keySet);
  }

  /** Throws a GraphQL error with code UNAUTHENTICATED when the headers name nobody who is known. */
  async callerOf(headers: IncomingHttpHeaders): Promise<Caller> {
    const credential = credentialOf(headers);
    if (credential === null) throw unauthenticated("This needs credentials: send `Authorization: Bearer` with an API key or a token.");
    if (credential.length > maxCredentialLength) throw unauthenticated("No credential that is known here is that long.");
    const caller = this.#ofKey(credential) ?? (await this.#ofToken(credential));
    if (!caller) throw unauthenticated("These credentials are not known here.");
    return caller;
  }

  /** Every key is compared, each in constant time, so that the time taken tells nothing of them. */
  #ofKey(credential: string): Caller | null {
    const digest = createHash("sha256").update(credential).digest();
    const found = this.#keys.filter((key) => timingSafeEqual(key.digest, digest));
    return found[0]?.caller ?? null;
  }

  async #ofToken(token: string): Promise<Caller | null> {
    if (!this.#jwks || token.split(".").length !== 3) return null;
    const { jwtIssuer, jwtAudiences } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#jwks, {
        ...(jwtIssuer === null ? {} : { issuer: jwtIssuer }),
        ...(jwtAudiences.length === 0 ? {} : { audience: [...jwtAudiences] }),
        algorithms,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#clock()),
        requiredClaims: ["exp", "sub"],
      });
      return callerOfToken(payload);
    } catch (error) {
      if (isTokensFault(error)) throw unauthenticated(`The token is not taken: ${tokenFault(error)}.`);
      this.#log.warn({ err: error }, "The keys of JWT_JWKS_URL can't be read, so tokens can't be checked.");
      const message = "Tokens can't be checked now: the identity provider's keys can't be read. Try again later.";
      throw refusal("SERVICE_UNAVAILABLE", message, 503, { "retry-after": "10" });
    }
  }
}

const unauthenticated = (message: string) => refusal("UNAUTHENTICATED", message, 401, { "www-authenticate": "Bearer" });

function credentialOf(headers: IncomingHttpHeaders): string | null {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(headers.authorization ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() === "basic") return /:(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8"))?.[1] ?? null;
  const key = headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : null;
}

/** Named after a digest: a subject may be somebody's e-mail address, and the name is stored beside idempotency keys. */
function callerOfToken({ iss = "", sub = "", exp, scope, scp }: JWTPayload): Caller {
  const said = [scope, scp].flatMap((claim) => (Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : []));
  const name = createHash("sha256")
    .update(JSON.stringify([iss, sub]))
    .digest("hex")
    .slice(0, 32);
  return {
    name: `jwt:${name}`,
    scopes: scopes.filter((one) => said.includes(one) || said.includes(`tandem:${one}`)),
    until: exp === undefined ? null : exp * 1000,
  };
}

/** What is wrong with the token itself; anything else keeps us from judging it. */
const isTokensFault = (error: unknown): error is errors.JOSEError =>
  error instanceof errors.JWTExpired ||
  error instanceof errors.JWTClaimValidationFailed ||
  error instanceof errors.JWTInvalid ||
  error instanceof errors.JWSInvalid ||
  error instanceof errors.JWSSignatureVerificationFailed ||
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSEAlgNotAllowed ||
  error instanceof errors.JOSENotSupported;

function tokenFault(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim \`${error.claim}\` is missing or not what is expected here`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) return "no key of the identity provider signed it";
  return "it is not a token that is understood here";
}
