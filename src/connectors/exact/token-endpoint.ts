import { z } from "zod";
import { AmbiguousError, RateLimitedError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import type { Clock } from "../../domain/words.js";
import type { Budget } from "../budget.js";
import type { CallOptions } from "../connector.js";
import type { HttpAnswer, HttpClient } from "../http.js";
import { resetOf } from "./errors.js";
import type { Grant } from "./tokens.js";

export interface TokenClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

export type TokenAnswer =
  | { readonly kind: "granted"; readonly grant: Grant }
  | { readonly kind: "tooEarly" }
  /** `isLost`: Exact may have done it. */
  | { readonly kind: "later"; readonly message: string; readonly isLimited: boolean; readonly retryAt: number | null; readonly isLost: boolean }
  /** `isClient`: it is the client id or secret that Exact does not know. */
  | { readonly kind: "never"; readonly message: string; readonly isClient: boolean };

export interface TokenParts {
  readonly http: Pick<HttpClient, "request">;
  readonly budget: Budget;
  readonly client: TokenClient;
  readonly clock: Clock;
}

export const exchangeCode = (parts: TokenParts, code: string, options: CallOptions): Promise<TokenAnswer> =>
  post(parts, { grant_type: "authorization_code", code, redirect_uri: parts.client.redirectUri }, options);

export const refreshTokens = (parts: TokenParts, refreshToken: string, options: CallOptions): Promise<TokenAnswer> =>
  post(parts, { grant_type: "refresh_token", refresh_token: refreshToken }, options);

/** One form post; JSON is refused there. Never throws what belongs to the call: every outcome is an answer. */
async function post(parts: TokenParts, form: Readonly<Record<string, string>>, options: CallOptions): Promise<TokenAnswer> {
  const { http, budget, client, clock } = parts;
  const body = new URLSearchParams({ ...form, client_id: client.clientId, client_secret: client.clientSecret }).toString();
  const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
  let permit: Awaited<ReturnType<Budget["admit"]>>;
  try {
    permit = await budget.admit({
      endpoint: "oauth2/token",
      class: "interactive",
      counted: "none",
      ...(options.deadline ? { deadline: options.deadline } : {}),
    });
  } catch (error) {
    if (error instanceof RateLimitedError) return { kind: "later", message: error.message, isLimited: true, retryAt: Date.parse(error.retryAt), isLost: false };
    throw error;
  }
  const askedAt = clock();
  try {
    // Neither the caller's deadline nor its signal: an answer that is not waited for is a token lost.
    const answer = await http.request({ method: "POST", path: "/api/oauth2/token", route: "/api/oauth2/token", headers, body });
    await permit.done({ status: answer.status, headers: answer.headers });
    return classify(answer, askedAt, clock());
  } catch (error) {
    await permit.done({ status: null, headers: {} });
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "later", message, isLimited: false, retryAt: null, isLost: error instanceof AmbiguousError };
  }
}

const granted = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  /** Comes as the string "600". */
  expires_in: z.coerce
    .number()
    .positive()
    .catch(limits.exact.accessTokenLifeMs / 1000),
});
const refused = z.object({ error: z.string(), error_description: z.string().catch("") });

/** What the token endpoint's answer means. A refusal in its own JSON is for good, but for "too early". */
function classify(answer: HttpAnswer, askedAt: number, answeredAt: number): TokenAnswer {
  const { status, headers } = answer;
  const body = jsonOf(answer.text);
  if (status >= 200 && status < 300) {
    const tokens = granted.safeParse(body);
    if (!tokens.success) return later("Exact Online's answer with the tokens cannot be read.", true);
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = tokens.data;
    return { kind: "granted", grant: { accessToken, refreshToken, lifeMs: seconds * 1000, askedAt, answeredAt } };
  }
  const refusal = refused.safeParse(body);
  if (headers.reason?.startsWith("TooEarlyToRefreshTokens") || (refusal.success && /not expired/i.test(refusal.data.error_description)))
    return { kind: "tooEarly" };
  if (status === 429) {
    return { kind: "later", message: "Exact Online takes no token calls now.", isLimited: true, retryAt: resetOf(headers, answeredAt), isLost: false };
  }
  if (status >= 400 && status < 500 && refusal.success) {
    const { error, error_description: description } = refusal.data;
    const message = `Exact Online refuses to give a token (${error}${description ? `: ${description}` : ""}).`;
    return { kind: "never", message, isClient: error === "invalid_client" };
  }
  // No word of Exact's own: a proxy, a maintenance page. Only a fault of a server may hide that the tokens were turned.
  return later(`Exact Online's token endpoint answered with status ${status}.`, status >= 500);
}

const later = (message: string, isLost: boolean): TokenAnswer => ({ kind: "later", message, isLimited: false, retryAt: null, isLost });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
