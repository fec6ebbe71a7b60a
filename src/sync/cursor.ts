import type { FeedState } from "../store/store.js";

/**
 * The feed's state after a complete poll that began at `startedAt` and read up to `position` (R12).
 *
 * A change may become visible behind a position that was handed out before it. So the next poll reads again from `low`: the
 * newest position that had been seen at least `overlapMs` before this poll began. Counting the overlap from "now" would not
 * do: only a later poll, that read from below a position, has shown that nothing came in late behind it. A poll that was shown
 * nothing, not even what an earlier one has seen there, and be it the first of all, proves nothing: it moves no cursor (I11).
 */
export function afterPoll(state: FeedState, position: string, startedAt: number, overlapMs: number, isUnmoved = false): FeedState {
  if (isUnmoved && state.position !== position) return { ...state, polledAt: new Date(startedAt).toISOString() };
  const ripe = state.seen.filter((seen) => seen.at <= startedAt - overlapMs);
  const low = ripe.at(-1)?.position ?? state.low;
  const young = state.seen.filter((seen) => seen.at > startedAt - overlapMs);
  const known = young.at(-1)?.position === position || (young.length === 0 && low === position);
  return {
    ...state,
    position,
    low,
    seen: known ? young : thin([...young, { position, at: startedAt }], overlapMs),
    polledAt: new Date(startedAt).toISOString(),
  };
}

/** A feed read from its very start again: what a division move or an expired position calls for. */
export const restarted = (state: FeedState, epoch: string | null): FeedState => ({ ...state, position: null, low: null, seen: [], epoch });

/** Keeps the list short under quick polling: positions nearer together than a tenth of the overlap tell nothing new. */
function thin(seen: FeedState["seen"], overlapMs: number): FeedState["seen"] {
  const kept: { position: string; at: number }[] = [];
  for (const one of seen) {
    const last = kept.at(-1);
    const newest = one === seen.at(-1);
    if (!last || newest || one.at - last.at >= overlapMs / 10) kept.push(one);
  }
  return kept;
}
