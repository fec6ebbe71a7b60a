import type { FastifyInstance } from "fastify";
import { TandemError } from "../domain/errors.js";
import { page } from "./html.js";

/** The way to Exact Online's consent and back. */
export interface ConsentDoor {
  authorizationUrl(): Promise<string>;
  /** `query` is the callback's raw query string. Throws what the operator must read. */
  complete(query: string): Promise<{ readonly division: number; readonly userName: string | null; readonly zoneAgrees: boolean | null }>;
}

/** `GET /auth/exact` sends the operator to consent; the callback says what happens next, whatever happened. */
export function consentRoutes(app: FastifyInstance, door: ConsentDoor): void {
  app.get("/auth/exact", async (_request, reply) => reply.header("cache-control", "no-store").redirect(await door.authorizationUrl(), 302));

  app.get("/auth/exact/callback", async (request, reply) => {
    reply.header("cache-control", "no-store").type("text/html; charset=utf-8");
    const query = request.raw.url?.split("?")[1] ?? "";
    try {
      const user = await door.complete(query);
      const clock = user.zoneAgrees === false ? "Exact's clock is not the one that was expected: times of change may be read wrong. Check EXACT_BASE_URL." : "";
      return page("Exact Online is connected", [
        `Division ${user.division}${user.userName ? `, by ${user.userName}` : ""}.`,
        clock,
        "The gateway now reads both systems and links what belongs together. Nothing is written before you confirm the plan with the mutation resumeDataflow, unless FIRST_CONTACT is live.",
        "You can close this window.",
      ]);
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      reply.code(400);
      return page("Exact Online is not connected", [error.message]);
    }
  });
}
