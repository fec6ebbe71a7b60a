import { z } from "zod";
import type { Config } from "../../config.js";
import { type Finding, fail, ok, sentenceOf, warn } from "./finding.js";

const timeoutMs = 5_000;
const readiness = z.object({ ready: z.boolean(), reasons: z.array(z.string()), systems: z.record(z.string(), z.object({ authorized: z.boolean() })) });
export type Readiness = z.infer<typeof readiness>;

/** Where the gateway of this configuration listens on this machine. */
export function gatewayUrlOf({ host, port }: Config): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

/** null: none runs there. */
export async function askGateway(url: string): Promise<Readiness | null> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(timeoutMs) });
    return readiness.safeParse(await answer.json()).data ?? null;
  } catch {
    return null;
  }
}

export function gatewayFinding(url: string, found: Readiness | null, mode: Config["mode"]): Finding {
  const what = "Gateway";
  if (found) return found.ready ? ok(what, `ready at ${url}`) : fail(what, `at ${url}, not ready: ${found.reasons.join(" ")}`, "The rows below say more.");
  if (mode === "sandbox")
    return fail(
      what,
      `no sandbox gateway runs at ${url}, and there is nothing else to look at`,
      "Start it with npm start, or fill in .env for the real systems.",
    );
  return warn(what, `none answers at ${url}`, "Start it with npm start, and run this again to see all.");
}

/** The address that others are told leads to this gateway. */
export async function checkPublicUrl(url: string): Promise<Finding> {
  const what = "PUBLIC_URL";
  const todo = "Start the gateway, and see that what stands before it (a proxy, a tunnel) passes everything below PUBLIC_URL on to it.";
  try {
    const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(timeoutMs) });
    const isOurs = answer.ok && (await answer.json().catch(() => null))?.live === true;
    return isOurs ? ok(what, `${url} leads to the gateway`) : fail(what, `${url} answers ${answer.status}, and is not the gateway`, todo);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? sentenceOf(error.cause) : sentenceOf(error);
    return fail(what, `${url} is not reached from here: ${cause}`, todo);
  }
}

/** What the receiver answers to a message without content and signature; null: nothing. */
export async function knockAt(url: string): Promise<number | null> {
  try {
    return (await fetch(url, { method: "POST", body: "", signal: AbortSignal.timeout(timeoutMs) })).status;
  } catch {
    return null;
  }
}
