import type { GroundTruth } from "../../src/sandbox/seed/index.js";
import type { LinkedRecord } from "./processes/gateway.js";

export interface Verdict {
  readonly pairs: number;
  readonly linked: number;
  readonly wrong: number;
  /** Pairs whose Customcrm record got another counterpart although its own was there. */
  readonly duplicates: number;
  readonly doubtful: number;
  readonly inReview: number;
}

/** Holds the link map against what the seed knows. */
export function judge(truth: GroundTruth, found: readonly LinkedRecord[]): Verdict {
  const byCustomcrm = new Map(found.map((one) => [`${one.type}:${one.CUSTOMCRM}`, one]));
  const byExact = new Map(found.map((one) => [`${one.type}:${one.EXACT}`, one]));
  const partner = new Map(truth.pairs.map((pair) => [`${pair.type}:${pair.customcrm}`, pair.exact]));
  const seeded = new Set([
    ...truth.pairs.map((pair) => pair.exact),
    ...truth.review.flatMap((group) => group.exact),
    ...[...truth.oneSided.exact.accounts, ...truth.oneSided.exact.contacts, ...truth.undecided.exact],
  ]);
  const linked = truth.pairs.filter((pair) => byCustomcrm.get(`${pair.type}:${pair.customcrm}`)?.EXACT === pair.exact).length;
  const wrong = found.filter(
    ({ type, CUSTOMCRM, EXACT }) => CUSTOMCRM !== null && EXACT !== null && seeded.has(EXACT) && partner.get(`${type}:${CUSTOMCRM}`) !== EXACT,
  );
  const doubled = truth.pairs.filter(({ type, customcrm, exact }) => {
    const own = byCustomcrm.get(`${type}:${customcrm}`);
    return own !== byExact.get(`${type}:${exact}`) && own?.EXACT !== null && own !== undefined;
  });
  const doubtful = truth.review.flatMap((group) => [
    ...group.customcrm.map((id) => byCustomcrm.get(`${group.type}:${id}`)),
    ...group.exact.map((id) => byExact.get(`${group.type}:${id}`)),
  ]);
  const inReview = doubtful.filter((one) => one?.state === "REVIEW").length;
  return { pairs: truth.pairs.length, linked, wrong: wrong.length, duplicates: doubled.length, doubtful: doubtful.length, inReview };
}
