import type { FastifyInstance, FastifyReply, onRequestAsyncHookHandler } from "fastify";
import { InvalidInputError, NotAuthorizedError, TandemError } from "../domain/errors.js";
import { page } from "./html.js";

/** The way to Exact Online's consent and back. */
export interface ConsentDoor {
  authorizationUrl(): Promise<string>;
  /** `query` is the callback's raw query string. Throws what the operator must read; else the tokens are stored. */
  complete(query: string): Promise<void>;
  user(): Promise<ConsentingUser>;
}

export interface ConsentingUser {
  /** The division that the user is in, and the one that the gateway works in. */
  readonly division: number;
  readonly inUse: number;
  readonly userName: string | null;
  /** Whether Exact's clock is the one that its times are read by; null: it did not say. */
  readonly zoneAgrees: boolean | null;
}

export interface ConsentParts {
  readonly door: ConsentDoor;
  readonly firstContact: "review" | "live";
  /** Lets through who may begin a consent: they decide whose Exact the gateway works in. */
  readonly mayBegin: onRequestAsyncHookHandler;
  /** There are new tokens. */
  readonly onConsent: () => Promise<void>;
}

/** `GET /auth/exact` sends the operator to consent; the callback, whose state was given out there, says what happens next, whatever happened. */
export function consentRoutes(app: FastifyInstance, { door, firstContact, mayBegin, onConsent }: ConsentParts): void {
  app.get("/auth/exact", { onRequest: mayBegin }, async (_request, reply) => {
    reply.header("cache-control", "no-store");
    try {
      return reply.redirect(await door.authorizationUrl(), 302);
    } catch (error) {
      return failed(reply, error);
    }
  });

  app.get("/auth/exact/callback", async (request, reply) => {
    // The address holds a code: nobody else is to learn it.
    reply.header("cache-control", "no-store").header("referrer-policy", "no-referrer").type("text/html; charset=utf-8");
    try {
      await door.complete(request.raw.url?.split("?")[1] ?? "");
    } catch (error) {
      return failed(reply, error);
    }
    onConsent().catch((error: unknown) => request.log.warn(error, "After the consent not everything could be begun at once; it comes with the next interval."));
    return page("Exact Online is connected", [...(await whoConsented(door)), ...whatIsNext(firstContact), "You can close this window."]);
  });
}

async function whoConsented(door: ConsentDoor): Promise<readonly string[]> {
  try {
    const { division, inUse, userName, zoneAgrees } = await door.user();
    const by = userName ? `, by ${userName}` : "";
    const other = `The gateway goes on with division ${inUse}, whose records it knows, though division ${division} is the one open in Exact${by}. To work in another division set EXACT_DIVISION.`;
    const zone = "Exact's clock is not the one that was expected: times of change may be read wrong. Check EXACT_BASE_URL.";
    return [division === inUse ? `Division ${inUse}${by}.` : other, zoneAgrees === false ? zone : ""];
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    // The tokens are stored, so the connection stands.
    return [`Its division could not be found yet; the gateway asks again by itself. ${error.message}`];
  }
}

const whatIsNext = (firstContact: ConsentParts["firstContact"]): readonly string[] => [
  "The gateway now reads both systems and links what belongs together.",
  firstContact === "live"
    ? "What differs is then written, as FIRST_CONTACT is live."
    : "Nothing is written at the first contact before somebody has read the plan and confirmed it with the mutation resumeDataflow.",
];

function failed(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof TandemError)) throw error;
  const isOperators = error instanceof InvalidInputError || error instanceof NotAuthorizedError;
  const html = page("Exact Online is not connected", [error.message, isOperators ? "Nothing was changed: a connection that stood before stands." : ""]);
  return reply
    .code(isOperators ? 400 : 503)
    .type("text/html; charset=utf-8")
    .send(html);
}
