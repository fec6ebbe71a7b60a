import { InvalidInputError, NotAuthorizedError, UnavailableError } from "../../domain/errors.js";
import type { DocumentStore } from "../../store/store.js";
import type { CallOptions } from "../connector.js";
import type { ExactAuth } from "./auth.js";
import { exchangeCode, type TokenParts } from "./token-endpoint.js";

export interface ConsentParts extends TokenParts {
  readonly baseUrl: string;
  readonly documents: DocumentStore;
  readonly auth: ExactAuth;
  /** Can't be guessed: it is the `state` that ties a callback to the consent we began. */
  readonly newState: () => string;
}

interface Begun {
  readonly isUsed: boolean;
}

const consentKeptMs = 15 * 60_000;

/** Begins a consent: where to send the operator's browser. */
export async function beginConsent(parts: ConsentParts): Promise<string> {
  const { documents, client, baseUrl } = parts;
  const state = parts.newState();
  await documents.set<Begun>("consent", state, { isUsed: false }, 0, { ttlMs: consentKeptMs });
  const query = new URLSearchParams({ client_id: client.clientId, redirect_uri: client.redirectUri, response_type: "code", state, force_login: "0" });
  return `${baseUrl.replace(/\/+$/, "")}/api/oauth2/auth?${query}`;
}

/**
 * Ends a consent: `query` is the callback's raw query string. The code arrives URL-encoded and is decoded here, once, so it
 * must not have been decoded before. Each `state` serves once, also over replicas. The tokens are stored before this returns.
 */
export async function completeConsent(parts: ConsentParts, query: string, options: CallOptions): Promise<void> {
  const { code, state, error, error_description: description } = decoded(query);
  await useUp(parts.documents, state);
  if (error) throw new NotAuthorizedError("EXACT", `Exact Online did not give its consent (${error}${description ? `: ${description}` : ""}). ${again}`);
  if (!code) throw new InvalidInputError(`A consent brings a code; the callback had none. ${again}`);
  const answer = await exchangeCode(parts, code, options);
  switch (answer.kind) {
    case "granted":
      return parts.auth.adopt(answer.grant);
    case "never":
      throw new NotAuthorizedError("EXACT", `${answer.message} ${again}`);
    case "tooEarly":
      throw new NotAuthorizedError("EXACT", `Exact Online gives no token yet, as it gave one less than ten minutes ago. Wait ten minutes. ${again}`);
    case "later":
      throw new UnavailableError("EXACT", `${answer.message} ${again}`);
  }
}

const again = "Begin again at GET /auth/exact.";

async function useUp(documents: DocumentStore, state: string | undefined): Promise<void> {
  const begun = state ? await documents.get<Begun>("consent", state) : null;
  const isOurs = state !== undefined && begun !== null && !begun.value.isUsed;
  // The write decides: of two callbacks with one state, the second finds the version changed.
  if (isOurs && (await documents.set<Begun>("consent", state, { isUsed: true }, begun.version, { ttlMs: consentKeptMs }))) return;
  throw new InvalidInputError(`This callback belongs to no consent that was begun here in the last 15 minutes, or was used before. ${again}`);
}

/** Exactly one decoding. A plus sign stays one: no value has spaces, and a code may hold it. */
function decoded(query: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const pair of query
    .replace(/^[^?]*\?/, "")
    .replace(/#.*$/, "")
    .split("&")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    try {
      found[decodeURIComponent(pair.slice(0, at))] = decodeURIComponent(pair.slice(at + 1));
    } catch {
      throw new InvalidInputError(`The callback's query is not encoded as a URL should be. ${again}`);
    }
  }
  return found;
}
