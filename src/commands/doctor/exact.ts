import type { ExactConfig } from "../../config.js";
import type { BudgetWindow, CallOptions } from "../../connectors/connector.js";
import { type ExactConnector, type ExactUser, places } from "../../connectors/exact/index.js";
import { HttpClient } from "../../connectors/http.js";
import { NotAuthorizedError, RateLimitedError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import type { Clock } from "../../domain/words.js";
import { type Finding, fail, ok, sentenceOf, warn } from "./finding.js";

/** No row has a higher Timestamp, so that a feed is asked for without being read. */
const endOfFeed = "9223372036854775806";
const nobody = "00000000-0000-0000-0000-000000000000";

/** Asks for the consent page as a browser would: shows whether Exact answers, and knows the app. */
export async function checkExactAnswers({ baseUrl, clientId, redirectUri }: Pick<ExactConfig, "baseUrl" | "clientId" | "redirectUri">): Promise<Finding> {
  const what = "Exact Online";
  const http = new HttpClient({ system: "EXACT", baseUrl });
  try {
    const query = new URLSearchParams({ client_id: clientId, redirect_uri: redirectUri, response_type: "code", state: "doctor", force_login: "0" });
    const { status } = await http.request({ method: "GET", path: `/api/oauth2/auth?${query}`, route: "/api/oauth2/auth" });
    if (status < 400) return ok(what, "it answers, and takes our app to its consent page");
    if (status < 500)
      return warn(what, `it answers ${status} to our app's consent page`, "Check EXACT_CLIENT_ID and EXACT_REDIRECT_URI against the app's registration.");
    return warn(what, `it answers ${status}`, "Wait, and see the status page of Exact Online.");
  } catch (error) {
    return fail(what, sentenceOf(error), "Check EXACT_BASE_URL, and that this machine reaches it.");
  } finally {
    await http.stop();
  }
}

/** Whether we are let in, and to what. Each check is a call or two of the shared budget, none of them a write. */
export async function checkExact(exact: ExactConnector, needsWebhooks: boolean, options: () => CallOptions): Promise<readonly Finding[]> {
  const { authorized, problem } = await exact.status();
  if (!authorized) return [fail("Exact consent", problem?.message ?? "not given", "Open /auth/exact of the gateway and consent.")];
  let user: ExactUser;
  try {
    user = await exact.findDivision(options());
  } catch (error) {
    return [exactFinding("Exact consent", error, "Open /auth/exact of the gateway and consent.")];
  }
  const feed = (name: string) => exact.readFeed(name, endOfFeed, options());
  return [
    ok("Exact consent", `given${user.userName ? `, by ${user.userName}` : ""}`),
    await tried("Exact division", `${user.inUse}${user.inUse === user.division ? "" : `; the user is in ${user.division} at the moment`}`, divisionTodo, () =>
      exact.feedEpoch(options()),
    ),
    ...(await oneByOne(exact.types, (type) =>
      tried(`Exact ${type.toLowerCase()}`, "may be read", scopeTodo(places[type].scope), () => exact.getMany(type, [nobody], options())),
    )),
    await tried("Exact sync", "may be read", scopeTodo(scopesOf(exact)), () => oneByOne(exact.types, feed)),
    await tried("Exact deletions", "may be read", deletedTodo, () => feed("Deleted")),
    await checkWebhookScope(exact, needsWebhooks, options()),
    clockFinding(user.skewMs),
    zoneFinding(user.zoneAgrees),
  ];
}

const scopesOf = ({ types }: ExactConnector): string => [...new Set(types.map((type) => places[type].scope))].join('" and "');

async function oneByOne<T, R>(all: readonly T[], look: (one: T) => Promise<R>): Promise<readonly R[]> {
  const seen: R[] = [];
  for (const one of all) seen.push(await look(one));
  return seen;
}

const scopeTodo = (scope: string): string =>
  `Give the app the scope "${scope}" at apps.exactonline.com, give the user who consents the right to it, and consent again at /auth/exact.`;
const deletedTodo = "Give the user who consented the right to read deleted records; without it only the nightly compare finds deletions.";
const divisionTodo = "Set EXACT_DIVISION to a division that the user who consented may work in, or give that user access to it.";

async function checkWebhookScope(exact: ExactConnector, isNeeded: boolean, options: CallOptions): Promise<Finding> {
  const finding = await tried("Exact webhooks", "may be arranged", scopeTodo("organization administration"), () => exact.listSubscriptions(options));
  if (isNeeded || finding.state !== "fail") return finding;
  return warn(finding.what, finding.seen, `Needed once webhooks are set up. ${finding.todo}`);
}

async function tried(what: string, seen: string, todo: string, call: () => Promise<unknown>): Promise<Finding> {
  try {
    await call();
    return ok(what, seen);
  } catch (error) {
    return exactFinding(what, error, todo);
  }
}

function exactFinding(what: string, error: unknown, todo: string): Finding {
  if (error instanceof RateLimitedError) return warn(what, sentenceOf(error), `Run this again after ${error.retryAt}.`);
  return fail(what, sentenceOf(error), error instanceof NotAuthorizedError ? todo : "See whether Exact Online works, and run this again.");
}

/** Edits on both sides are told apart by their times down to the tolerance of R3; a clock that is off by more decides wrongly. */
export function clockFinding(skewMs: number | null): Finding {
  const what = "Exact clock";
  if (skewMs === null) return warn(what, "Exact does not tell its time", "Make sure that this machine's clock is set by NTP.");
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (seconds < 30) return ok(what, seconds === 0 ? "agrees with ours" : `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} ours`);
  const seen = `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} ours`;
  const todo = "Set this machine's clock by NTP.";
  return Math.abs(skewMs) > limits.sync.clockToleranceMs ? fail(what, seen, todo) : warn(what, seen, todo);
}

export function zoneFinding(zoneAgrees: boolean | null): Finding {
  const what = "Exact time zone";
  if (zoneAgrees === null) return warn(what, "Exact does not tell it", "Compare the time of a record's last change here and in Exact.");
  if (zoneAgrees) return ok(what, "Europe/Amsterdam, as its times are read");
  return fail(what, "not that of Europe/Amsterdam, by which its times are read", "Check EXACT_BASE_URL: it must be the host of your country.");
}

/** What Exact still allows: below a share of these the background keeps still, so that people can go on (R15). */
export const budgetFindings = (windows: readonly BudgetWindow[], clock: Clock): readonly Finding[] =>
  windows.flatMap((window) => (window.window === "errors" ? errorFindings(window) : [callsFinding(window, clock())]));

function callsFinding({ window, limit, remaining, resetsAt }: BudgetWindow, now: number): Finding {
  const what = `Exact calls, this ${window}`;
  if (limit === null || remaining === null) return ok(what, "Exact has not told a limit yet");
  const seen = `${remaining} of ${limit} left`;
  // A minute is soon over; what counts is the day.
  if (window !== "day" || remaining > limit / 4) return ok(what, seen);
  const until = resetsAt !== null && Date.parse(resetsAt) > now ? ` There are new ones from ${resetsAt}.` : "";
  const todo = `Polls wait below a quarter, all calls at none. Raise SYNC_INTERVAL_SECONDS, or see who else uses the app.${until}`;
  return remaining === 0 ? fail(what, seen, todo) : warn(what, seen, todo);
}

function errorFindings({ endpoint, limit, remaining }: BudgetWindow): readonly Finding[] {
  if (limit === null || remaining === null || remaining === limit) return [];
  const what = `Exact errors, ${endpoint}`;
  const seen = `${limit - remaining} within an hour, of at most ${limit}`;
  return [remaining > limit / 2 ? ok(what, seen) : warn(what, seen, "See in the log what was refused: beyond the limit Exact blocks us for an hour.")];
}
