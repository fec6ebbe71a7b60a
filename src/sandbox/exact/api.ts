import type { Answer, KitRequest } from "../kit/index.js";
import { type Address, parseAddress } from "./address.js";
import type { ExactCore } from "./core.js";
import { errorAnswer, wantsJson } from "./envelope.js";
import type { ErrorVelocity } from "./error-velocity.js";
import type { RateLimits } from "./limits.js";
import type { OAuth } from "./oauth.js";
import { Refusal } from "./refusal.js";
import { facts } from "./settings.js";

interface Parts {
  readonly core: ExactCore;
  readonly oauth: OAuth;
  readonly limits: RateLimits;
  readonly velocity: ErrorVelocity;
  /** Answers a call that was let in, or throws a Refusal. */
  readonly dispatch: (request: KitRequest, address: Address) => Answer | Promise<Answer>;
}

/** Everything below `/api/v1`: who may come in, how often, and in which form errors go out. */
export async function callApi(request: KitRequest, parts: Parts): Promise<Answer> {
  const asJson = wantsJson(request.headers.accept);
  const address = parseAddress(request.path);
  let limitHeaders: Record<string, string> = {};
  let isKnownCaller = false;
  try {
    if (request.url.length > facts.maxUrlLength) throw new Refusal(414, null);
    if (!address) throw new Refusal(404, "Resource not found.");
    const why = parts.oauth.whyNot(request.headers.authorization);
    // An expired token still tells whose it was.
    isKnownCaller = why === null || why === "access token expired";
    parts.velocity.check(address.resource);
    if (why !== null) throw new Refusal(401, null, { "WWW-Authenticate": `Bearer error="invalid_token", error_description="${why}"` });
    checkCompany(address, parts.core);
    // What belongs to no company is not counted.
    if (address.division !== null) limitHeaders = parts.limits.admit();
    const answer = await parts.dispatch(request, address);
    return { ...answer, headers: { ...limitHeaders, ...answer.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (isKnownCaller && address) parts.velocity.record(address.resource, error.status);
    const answer = errorAnswer(error, asJson);
    return { ...answer, headers: { ...limitHeaders, ...answer.headers } };
  }
}

function checkCompany({ division }: Address, { settings }: ExactCore): void {
  if (settings.refusal !== null) throw new Refusal(403, null, { Reason: settings.refusal });
  if (division !== null && division !== settings.division) throw new Refusal(403, null, { Reason: "NoDivisionAccess" });
}
