import {
  AmbiguousError,
  ModifiedElsewhereError,
  NotAuthorizedError,
  NotFoundError,
  RateLimitedError,
  RefusedError,
  UnavailableError,
  UnexpectedAnswerError,
} from "../../domain/errors.js";
import { isoTime } from "../../domain/words.js";
import { retryAfterOf } from "../budget-headers.js";
import type { HttpAnswer } from "../http.js";
import { type CustomcrmProblem, problemSchema } from "./wire.js";

const system = "CUSTOMCRM";
/** The contract sets Retry-After on every 429; a Customcrm that forgets it is left alone this long. */
const defaultPauseMs = 30_000;

/** The error that an answer other than success stands for. Pure: one rung for each thing a caller can do about it. */
export function errorOf(answer: HttpAnswer, what: string, isWrite: boolean, now: number): Error {
  const { status } = answer;
  const said = `Customcrm answered ${status} to ${what}`;
  const problem = problemIn(answer);
  const words = problem ? `: ${wordsOf(problem)}` : ".";

  if (status === 429) return new RateLimitedError(system, isoTime(now + (retryAfterOf(answer.headers["retry-after"], now) ?? defaultPauseMs)));
  if (status === 401 || status === 403) return new NotAuthorizedError(system, `${said}${words} Check the token, or what it may do.`);
  // A fault of the server's own may come before or after it has done its work.
  if (status >= 500) return isWrite ? new AmbiguousError(system, `${said}${words}`) : new UnavailableError(system, `${said}${words}`);
  if (status === 408) return new UnavailableError(system, `${said}${words}`);
  if (status < 400) return unexpected(`${said}, which its contract does not know.`, isWrite);
  // Something between us and the CRM may say 404 too. Only the CRM's own word counts, or an outage would read as a deletion.
  if (!problem) return isWrite ? new UnavailableError(system, `${said} without a problem document.`) : unexpected(`${said} without a problem document.`, false);
  if (status === 404 || status === 410) return new NotFoundError(system, `${said}${words}`);
  if (status === 412) return new ModifiedElsewhereError(system, `${said}${words}`);
  return new RefusedError(system, reasonsOf(problem), reasonOf(problem));
}

/** An answer that can't be read: harmless for a read, ambiguous for a write. */
export function unexpected(message: string, isWrite: boolean, cause?: unknown): Error {
  return isWrite ? new AmbiguousError(system, message, { cause }) : new UnexpectedAnswerError(system, message, { cause });
}

export function problemIn(answer: HttpAnswer): CustomcrmProblem | null {
  try {
    const result = problemSchema.safeParse(JSON.parse(answer.text));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

/** `urn:customcrm:has-dependents` → `has-dependents`. */
const reasonOf = (problem: CustomcrmProblem): string | null => {
  const last = problem.type?.split(/[:/#]/).at(-1);
  return last && problem.type !== "about:blank" ? last : null;
};

const reasonsOf = (problem: CustomcrmProblem) =>
  problem.errors?.length
    ? problem.errors.map(({ property, message }) => ({ property: property === "" ? null : property, message }))
    : [{ property: null, message: wordsOf(problem) }];

const wordsOf = (problem: CustomcrmProblem): string => problem.detail || problem.title;
